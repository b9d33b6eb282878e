import { malformed, need, text } from "../codec/bytes.ts"
import type { CommandName } from "../codec/commands.ts"
import { completion } from "../codec/completion.ts"
import { decodeReading, decodeSensorRecord, recordHeaderLength, recordLength, type SensorRecord } from "../codec/sdr.ts"
import { decodeUserAccess } from "../codec/users.ts"
import { type BmcUser, currentChannel, type SensorReading } from "../types.ts"

export interface Answer {
  readonly code: number
  readonly data: Buffer
}

/** Completion codes besides 0 that are results, not failures. */
export type Accept = readonly number[] | "any"

/** Sends one command; completion codes other than 0 and `accept` reject. */
export type Ask = (name: CommandName, data: readonly number[], accept?: Accept) => Promise<Answer>

/** Many BMCs return no more than 16 to 32 bytes of a record at once (IPMI 2.0 §33.12). */
const chunkLength = 16
const lastRecord = 0xffff
/** A cancelled reservation means that the repository changed meanwhile; a BMC on which it always does is broken. */
const reservationAttempts = 8

const word = (value: number) => [value & 0xff, value >> 8]

/** Walks the SDR repository (§33.12) and reads each sensor. */
export async function readSensors(ask: Ask): Promise<SensorReading[]> {
  const readings: SensorReading[] = []
  for (const record of await sensorRecords(ask)) readings.push(await readSensor(ask, record))
  return readings
}

async function sensorRecords(ask: Ask): Promise<SensorRecord[]> {
  const { data: repository } = await ask("getSdrRepository", [])
  need(repository, 3, "Get SDR Repository Info")
  if (repository.readUInt16LE(1) === 0) return []
  const records: SensorRecord[] = []
  const seen = new Set<number>()
  let reservation = await reserve(ask)
  let cancelled = 0
  for (let id = 0; id !== lastRecord; ) {
    // A BMC whose records point in a circle would keep us for ever.
    if (seen.has(id)) throw malformed(`SDR ${id} comes twice in the repository`)
    const read = await readRecord(ask, reservation, id)
    if (read === "cancelled") {
      cancelled += 1
      if (cancelled === reservationAttempts) throw malformed("the SDR reservation is cancelled again and again")
      reservation = await reserve(ask)
      continue
    }
    seen.add(id)
    const sensor = decodeSensorRecord(read.record)
    if (sensor) records.push(sensor)
    id = read.next
  }
  return records
}

async function reserve(ask: Ask): Promise<number> {
  const { data } = await ask("reserveSdr", [])
  need(data, 2, "Reserve SDR Repository")
  return data.readUInt16LE(0)
}

async function readRecord(ask: Ask, reservation: number, id: number) {
  const read = async (offset: number, length: number) => {
    const request = [...word(reservation), ...word(id), offset, length]
    const { code, data } = await ask("getSdr", request, [completion.reservationCanceled])
    if (code !== 0) return undefined
    need(data, 2 + length, "Get SDR")
    return { next: data.readUInt16LE(0), part: data.subarray(2, 2 + length) }
  }
  const first = await read(0, recordHeaderLength)
  if (!first) return "cancelled"
  const parts = [first.part]
  const length = recordLength(first.part)
  for (let offset = recordHeaderLength; offset < length; offset += chunkLength) {
    const chunk = await read(offset, Math.min(chunkLength, length - offset))
    if (!chunk) return "cancelled"
    parts.push(chunk.part)
  }
  return { next: first.next, record: Buffer.concat(parts) }
}

async function readSensor(ask: Ask, record: SensorRecord): Promise<SensorReading> {
  const { number, name, type, unit, convert } = record
  const absent = [completion.notPresent, completion.cannotRespond, completion.notInThisState]
  const { code, data } = await ask("getSensorReading", [number], absent)
  const reading = code === 0 ? decodeReading(data) : { raw: 0, available: false, states: 0 }
  const value = reading.available ? convert?.(reading.raw) : undefined
  return { number, name, type, unit, value, states: reading.states, available: reading.available }
}

export async function readUsers(ask: Ask): Promise<BmcUser[]> {
  const users: BmcUser[] = []
  let last = 1
  for (let id = 1; id <= last; id += 1) {
    const access = decodeUserAccess((await ask("getUserAccess", [currentChannel, id])).data)
    last = access.maxUsers
    // Empty slots answer CCh on most BMCs, and an empty name on the others.
    const { code, data } = await ask("getUserName", [id], [completion.invalidField, completion.notPresent])
    const name = code === 0 ? text(data) : ""
    if (name === "") continue
    users.push({ id, name, enabled: access.enabled, privilege: access.privilege, ipmi: access.ipmi })
  }
  return users
}
