import { checksum } from "./message.ts"

/** FRU inventory (Platform Management FRU Information Storage Definition 1.3): a common header, a board and a product area. */
export interface FruInventory {
  readonly manufacturer: string
  readonly product: string
  readonly serial: string
  readonly part: string
}

const english = 25
const endOfFields = 0xc1

function field(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1").subarray(0, 62)
  // Type 3: 8-bit Latin-1 (§13). A length of 1 would read as the end mark C1h, so one character gets a blank after it.
  const padded = bytes.length === 1 ? Buffer.concat([bytes, Buffer.from(" ")]) : bytes
  return Buffer.concat([Buffer.from([0xc0 | padded.length]), padded])
}

/** Pads to a multiple of 8, sets the length in byte 1 and appends the checksum. */
function area(start: Uint8Array, fields: readonly string[]): Buffer {
  const body = Buffer.concat([start, ...fields.map(field), Buffer.from([endOfFields])])
  const whole = Buffer.alloc(Math.ceil((body.length + 1) / 8) * 8)
  body.copy(whole)
  whole[1] = whole.length / 8
  whole[whole.length - 1] = checksum(whole.subarray(0, -1))
  return whole
}

export function encodeFru({ manufacturer, product, serial, part }: FruInventory): Buffer {
  // Board area (§11): language, manufacturing date (0: not given). Product area (§12): language.
  const board = area(Buffer.from([1, 0, english, 0, 0, 0]), [manufacturer, product, serial, part, ""])
  const productArea = area(Buffer.from([1, 0, english]), [manufacturer, product, part, "", serial, "", ""])
  // Common header (§8): offsets in units of 8 bytes of internal, chassis, board, product, multi-record areas.
  const header = Buffer.from([1, 0, 0, 1, 1 + board.length / 8, 0, 0, 0])
  header[7] = checksum(header.subarray(0, 7))
  return Buffer.concat([header, board, productArea])
}
