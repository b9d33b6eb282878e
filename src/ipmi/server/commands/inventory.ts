import { completion } from "../../codec/completion.ts"
import { encodeFru } from "../../codec/fru.ts"
import {
  encodeAnalogSensor,
  encodeDiscreteSensor,
  encodeFruLocator,
  encodeReading,
  encodeStates,
} from "../../codec/sdr.ts"
import type { IpmiServerOptions, ServerSensor } from "../ports.ts"
import type { Handlers } from "./handler.ts"

/** Sensor type (IPMI 2.0 Table 42-3), unit (Table 43-15), entity (Table 43-13), and what one raw step is worth. */
const kinds = {
  temperature: { type: 0x01, unitCode: 1, entity: 0x37, scale: 1 },
  fan: { type: 0x04, unitCode: 18, entity: 0x1d, scale: 100 },
  power: { type: 0x0b, unitCode: 6, entity: 0x13, scale: 4 },
} as const

/** System ACPI Power State (Table 42-3): bit 0 is S0, working; bit 5 is S5, soft off. */
const acpi = { type: 0x22, states: 0x21, entity: 0x07 } as const
const acpiStates = { on: 0x01, off: 0x20 } as const

function sensorsOf(options: IpmiServerOptions): readonly ServerSensor[] {
  return options.sensors ?? []
}

/** Records 1…n of the sensors, then the FRU locator. */
function records(options: IpmiServerOptions): Buffer[] {
  const sensors = sensorsOf(options).map(({ name, kind }, index) => {
    const common = { id: index + 1, number: index + 1, name }
    return kind === "acpi"
      ? encodeDiscreteSensor({ ...common, ...acpi })
      : encodeAnalogSensor({ ...common, ...kinds[kind] })
  })
  return [...sensors, encodeFruLocator(sensors.length + 1, "System board")]
}

function fru({ identity }: IpmiServerOptions): Buffer {
  const { manufacturer, product, serial } = identity
  return encodeFru({ manufacturer, product, serial, part: "" })
}

const reservation = 1
const lastRecord = 0xffff

export const inventoryHandlers: Handlers = {
  // §33.9: version 51h, count, free space unspecified, no timestamps, reservation supported.
  getSdrRepository({ options }) {
    const answer = Buffer.alloc(14)
    answer[0] = 0x51
    answer.writeUInt16LE(records(options).length, 1)
    answer.writeUInt16LE(0xffff, 3)
    answer[13] = 0x02
    return answer
  },

  // The repository never changes, so one reservation serves everybody.
  reserveSdr: () => Buffer.from([reservation, 0]),

  // §33.12: reservation, record id (0 first, FFFFh last), offset, length (FFh: all).
  getSdr({ options }, data) {
    if (data.length < 6) return completion.wrongLength
    const all = records(options)
    const [id, offset, length] = [data.readUInt16LE(2), data[4]!, data[5]!]
    if (offset > 0 && data.readUInt16LE(0) !== reservation) return completion.reservationCanceled
    const index = id === 0 ? 0 : id === lastRecord ? all.length - 1 : id - 1
    const record = all[index]
    if (!record) return completion.notPresent
    if (offset > record.length) return completion.outOfRange
    const next = Buffer.alloc(2)
    next.writeUInt16LE(index + 1 < all.length ? index + 2 : lastRecord)
    return Buffer.concat([next, record.subarray(offset, length === 0xff ? record.length : offset + length)])
  },

  async getSensorReading({ options }, data) {
    if (data.length < 1) return completion.wrongLength
    const sensor = sensorsOf(options)[data[0]! - 1]
    if (!sensor) return completion.notPresent
    if (sensor.kind === "acpi") return encodeStates(acpiStates[await sensor.read()])
    const value = await sensor.read()
    if (value === undefined) return encodeReading(undefined)
    return encodeReading(Math.max(0, Math.min(255, Math.round(value / kinds[sensor.kind].scale))))
  },

  // §34.1: size, accessed by bytes.
  getFruArea({ options }, data) {
    if (data.length < 1) return completion.wrongLength
    if (data[0] !== 0) return completion.notPresent
    const size = fru(options).length
    return Buffer.from([size & 0xff, size >> 8, 0])
  },

  // §34.2
  readFru({ options }, data) {
    if (data.length < 4) return completion.wrongLength
    if (data[0] !== 0) return completion.notPresent
    const [whole, offset] = [fru(options), data.readUInt16LE(1)]
    if (offset >= whole.length) return completion.outOfRange
    const part = whole.subarray(offset, offset + Math.min(data[3]!, 128))
    return Buffer.concat([Buffer.from([part.length]), part])
  },
}
