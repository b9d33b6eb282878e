import { malformed, need } from "./bytes.ts"

/** ASF-RMCP presence ping and pong (IPMI 2.0 §13.2.3, §13.2.4): "is there a BMC, and does it speak IPMI?" */
const iana = 4542
const types = { ping: 0x80, pong: 0x40 } as const
const supportsIpmi = 0x80
const asfVersion1 = 0x01

export type AsfMessage =
  | { readonly type: "ping"; readonly tag: number }
  | { readonly type: "pong"; readonly tag: number; readonly ipmi: boolean }

export function encodeAsf(message: AsfMessage): Buffer {
  const data = Buffer.alloc(message.type === "pong" ? 16 : 0)
  if (message.type === "pong") {
    data.writeUInt32BE(iana, 0)
    data[8] = asfVersion1 | (message.ipmi ? supportsIpmi : 0)
  }
  const header = Buffer.alloc(8)
  header.writeUInt32BE(iana, 0)
  header[4] = types[message.type]
  header[5] = message.tag
  header[7] = data.length
  return Buffer.concat([header, data])
}

export function decodeAsf(body: Buffer): AsfMessage {
  need(body, 8, "ASF header")
  if (body.readUInt32BE(0) !== iana) throw malformed("ASF message of another enterprise")
  const tag = body[5]!
  if (body[4] === types.ping) return { type: "ping", tag }
  if (body[4] !== types.pong) throw malformed(`ASF message type ${body[4]}`)
  need(body, 24, "ASF presence pong")
  return { type: "pong", tag, ipmi: (body[16]! & supportsIpmi) !== 0 }
}
