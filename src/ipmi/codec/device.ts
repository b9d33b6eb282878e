import type { ChannelInfo, DeviceId } from "../types.ts"
import { need } from "./bytes.ts"

/** Get Device ID (IPMI 2.0 §20.1, Table 20-2), bits of "additional device support" from 0 upwards. */
const supports = [
  "sensor",
  "sdr-repository",
  "sel",
  "fru-inventory",
  "ipmb-receiver",
  "ipmb-generator",
  "bridge",
  "chassis",
] as const

/** Device revision bit 7: device SDRs are provided. */
const revisionMask = 0x0f

function bcd(value: number): number {
  return (value >> 4) * 10 + (value & 0x0f)
}

function toBcd(value: number): number {
  return (Math.floor(value / 10) << 4) | (value % 10)
}

export function encodeDeviceId(device: DeviceId): Buffer {
  const [major = 0, minor = 0] = device.firmware.split(".").map(Number)
  const [ipmiMajor = 2, ipmiMinor = 0] = device.ipmi.split(".").map(Number)
  const data = Buffer.alloc(11)
  data[0] = device.id
  data[1] = device.revision & revisionMask
  data[2] = major & 0x7f
  data[3] = toBcd(minor)
  data[4] = ipmiMajor | (ipmiMinor << 4)
  data[5] = supports.reduce((mask, name, index) => mask | (device.supports.includes(name) ? 1 << index : 0), 0)
  data.writeUIntLE(device.manufacturer, 6, 3)
  data.writeUInt16LE(device.product, 9)
  return data
}

export function decodeDeviceId(data: Buffer): DeviceId {
  need(data, 11, "Get Device ID")
  return {
    id: data[0]!,
    revision: data[1]! & revisionMask,
    firmware: `${data[2]! & 0x7f}.${String(bcd(data[3]!)).padStart(2, "0")}`,
    ipmi: `${data[4]! & 0x0f}.${data[4]! >> 4}`,
    manufacturer: data.readUIntLE(6, 3) & 0xfffff,
    product: data.readUInt16LE(9),
    supports: supports.filter((_, index) => data[5]! & (1 << index)),
  }
}

/** Get Channel Info (§22.24, Table 22-28). */
const sessionKinds = ["none", "single", "multi", "session-based"] as const
const ipmiForum = [0xf2, 0x1b, 0x00]

export function encodeChannelInfo(info: ChannelInfo): Buffer {
  const sessions = (sessionKinds.indexOf(info.sessions) << 6) | (info.activeSessions & 0x3f)
  return Buffer.from([info.channel, info.medium, info.protocol, sessions, ...ipmiForum, 0, 0])
}

export function decodeChannelInfo(data: Buffer): ChannelInfo {
  need(data, 4, "Get Channel Info")
  return {
    channel: data[0]! & 0x0f,
    medium: data[1]! & 0x7f,
    protocol: data[2]! & 0x1f,
    sessions: sessionKinds[data[3]! >> 6]!,
    activeSessions: data[3]! & 0x3f,
  }
}
