import { completion } from "../../codec/completion.ts"
import type { Handler, Handlers } from "./handler.ts"

/** SOL configuration (IPMI 2.0 §26.2, §26.3, Table 26-5). Fixed but for what `set` may hold without effect. */
const parameters: Readonly<Record<number, (port: number, enabled: boolean) => readonly number[]>> = {
  0: () => [0],
  1: (_, enabled) => [enabled ? 1 : 0],
  // Encryption and authentication forced, privilege user.
  2: () => [0xc2],
  // 5 ms × 4 accumulated, or 96 characters.
  3: () => [4, 96],
  // Seven retries, 10 ms × 40 apart.
  4: () => [7, 40],
  // 115.2 kbit/s.
  5: () => [0x0a],
  6: () => [0x0a],
  7: () => [1],
  8: (port) => [port & 0xff, port >> 8],
}

const unsupported = 0x80
const readOnly = 0x82

const getSolConfig: Handler = ({ options }, data) => {
  if (data.length < 4) return completion.wrongLength
  const parameter = parameters[data[1]!]
  if (!parameter) return unsupported
  // Parameter revision 1.1; bit 7 of the request asks for nothing else.
  const value = data[0]! & 0x80 ? [] : parameter(options.port, options.sol !== undefined)
  return Buffer.from([0x11, ...value])
}

const setSolConfig: Handler = (_, data) => {
  if (data.length < 2) return completion.wrongLength
  if (!parameters[data[1]!]) return unsupported
  // Set-in-progress may come and go; everything else is as it is.
  return data[1] === 0 ? Buffer.alloc(0) : readOnly
}

export const solConfigHandlers: Handlers = { getSolConfig, setSolConfig }
