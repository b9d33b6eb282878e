import { need, text } from "./bytes.ts"

/** Sensor data records (IPMI 2.0 §43): full (type 01h) and compact (type 02h) sensor records, FRU locators (11h). */
export const recordTypes = { full: 0x01, compact: 0x02, fruLocator: 0x11 } as const

/** Table 43-15, sensor unit type codes that servers use. */
const units: Readonly<Record<number, string>> = { 1: "C", 2: "F", 4: "V", 5: "A", 6: "W", 7: "J", 18: "RPM", 20: "Hz" }
const percentage = 0x01

export interface SensorRecord {
  readonly number: number
  readonly name: string
  readonly type: number
  readonly unit: string
  /** Raw reading → value in `unit` (§36.3); undefined for discrete sensors. */
  readonly convert: ((raw: number) => number) | undefined
}

/** Header of every record (§43, Table 43-1): id, SDR version 51h, type, length of what follows. */
export const recordHeaderLength = 5

export function recordLength(header: Buffer): number {
  need(header, recordHeaderLength, "SDR header")
  return recordHeaderLength + header[4]!
}

/** A whole record; undefined for record types without a sensor. */
export function decodeSensorRecord(record: Buffer): SensorRecord | undefined {
  need(record, recordHeaderLength, "SDR")
  if (record[3] === recordTypes.full) return decodeFull(record)
  if (record[3] === recordTypes.compact) return decodeCompact(record)
  return undefined
}

function name(record: Buffer, at: number): string {
  need(record, at + 1, "SDR id string")
  return text(record.subarray(at + 1, at + 1 + (record[at]! & 0x1f)))
}

function unitOf(record: Buffer): string {
  if (record[20]! & percentage) return "%"
  return units[record[21]!] ?? `unit ${record[21]}`
}

/** §43.1, Table 43-1. */
function decodeFull(record: Buffer): SensorRecord {
  need(record, 48, "full sensor record")
  const analog = record[20]! >> 6 !== 3
  const common = { number: record[7]!, name: name(record, 47), type: record[12]! }
  return analog
    ? { ...common, unit: unitOf(record), convert: conversion(record) }
    : { ...common, unit: "", convert: undefined }
}

/** §43.2, Table 43-2: never has a conversion. */
function decodeCompact(record: Buffer): SensorRecord {
  need(record, 32, "compact sensor record")
  return { number: record[7]!, name: name(record, 31), type: record[12]!, unit: "", convert: undefined }
}

function signed(value: number, width: number): number {
  return value >= 1 << (width - 1) ? value - (1 << width) : value
}

/** §36.3: y = L[(M x + B 10^K1) 10^K2]; of the linearisations L only "linear" and "1/x" are met in servers. */
function conversion(record: Buffer): (raw: number) => number {
  const m = signed(record[24]! | ((record[25]! & 0xc0) << 2), 10)
  const b = signed(record[26]! | ((record[27]! & 0xc0) << 2), 10)
  const k2 = signed(record[29]! >> 4, 4)
  const k1 = signed(record[29]! & 0x0f, 4)
  const inverse = (record[23]! & 0x7f) === 7
  const format = record[20]! >> 6
  return (raw) => {
    const x = format === 2 ? signed(raw, 8) : format === 1 && raw & 0x80 ? -(~raw & 0xff) : raw
    const linear = (m * x + b * 10 ** k1) * 10 ** k2
    const value = inverse && linear !== 0 ? 1 / linear : linear
    return Number(value.toPrecision(6))
  }
}

interface Sensor {
  readonly id: number
  readonly number: number
  readonly name: string
  /** Table 42-3; of a discrete sensor it also says what each state means. */
  readonly type: number
  /** Table 43-13, entity that it watches. */
  readonly entity: number
}

export interface AnalogSensor extends Sensor {
  /** Table 43-15. */
  readonly unitCode: number
  /** Value of one raw step: the reading is `raw × scale`. 1…511. */
  readonly scale: number
}

export interface DiscreteSensor extends Sensor {
  /** The states that it can tell, as bits. */
  readonly states: number
}

/** What full and compact records of a sensor have in common: bytes 1 to 13, and the name in Latin-1 with its length (§43.15). */
function sensorRecord(sensor: Sensor, recordType: number, length: number, fill: (record: Buffer) => void): Buffer {
  const name = Buffer.from(sensor.name, "latin1").subarray(0, 16)
  const record = Buffer.alloc(length)
  record.writeUInt16LE(sensor.id, 0)
  record[2] = 0x51
  record[3] = recordType
  record[4] = length - recordHeaderLength + name.length
  record[5] = 0x20
  record[7] = sensor.number
  record[8] = sensor.entity
  record[9] = 1
  record[11] = 0x43
  record[12] = sensor.type
  record[length - 1] = 0xc0 | name.length
  fill(record)
  return Buffer.concat([record, name])
}

/** A full record (§43.1) of a linear, unsigned sensor without thresholds. */
export function encodeAnalogSensor(sensor: AnalogSensor): Buffer {
  return sensorRecord(sensor, recordTypes.full, 48, (record) => {
    // Scanning enabled; re-arms itself, no hysteresis, no thresholds, no events.
    record[10] = 0x03
    // Threshold-based event type (Table 42-1).
    record[13] = 0x01
    record[21] = sensor.unitCode
    record[24] = sensor.scale & 0xff
    record[25] = (sensor.scale >> 2) & 0xc0
    record[34] = 0xff
  })
}

/** A compact record (§43.2) of a sensor that is in one of several states. */
export function encodeDiscreteSensor(sensor: DiscreteSensor): Buffer {
  return sensorRecord(sensor, recordTypes.compact, 32, (record) => {
    // Scanning enabled; re-arms itself, no events.
    record[10] = 0x01
    // Sensor-specific states (Table 42-1), and no analog reading (§43.2, byte 21).
    record[13] = 0x6f
    record.writeUInt16LE(sensor.states, 18)
    record[20] = 0xc0
    // One sensor, shared with none.
    record[23] = 1
  })
}

/** FRU device locator of the BMC's own FRU 0 (§43.8). */
export function encodeFruLocator(recordId: number, label: string): Buffer {
  const id = Buffer.from(label, "latin1").subarray(0, 16)
  const record = Buffer.alloc(16)
  record.writeUInt16LE(recordId, 0)
  record[2] = 0x51
  record[3] = recordTypes.fruLocator
  record[4] = record.length - recordHeaderLength + id.length
  record[5] = 0x20
  // A logical FRU device (bit 7) behind the management controller, FRU 0; device type 10h; entity 7, the system board.
  record[7] = 0x80
  record[10] = 0x10
  record[12] = 7
  record[13] = 1
  record[15] = 0xc0 | id.length
  return Buffer.concat([record, id])
}

/** Get Sensor Reading's answer (§35.14, Table 35-15). */
export interface RawReading {
  readonly raw: number
  readonly available: boolean
  readonly states: number
}

export function encodeReading(raw: number | undefined): Buffer {
  // Bit 6: scanning enabled; bit 5: reading unavailable.
  return raw === undefined ? Buffer.from([0, 0x60, 0]) : Buffer.from([raw, 0x40, 0])
}

/** Of a discrete sensor: the states asserted, as bits. Bit 7 of the last byte is returned as 1 (Table 35-15). */
export function encodeStates(states: number): Buffer {
  return Buffer.from([0, 0x40, states & 0xff, 0x80 | (states >> 8)])
}

export function decodeReading(data: Buffer): RawReading {
  need(data, 2, "Get Sensor Reading")
  const available = (data[1]! & 0x20) === 0 && (data[1]! & 0x40) !== 0
  return { raw: data[0]!, available, states: (data[2] ?? 0) | (((data[3] ?? 0) & 0x7f) << 8) }
}
