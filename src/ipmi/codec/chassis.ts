import type { ChassisStatus } from "../types.ts"
import { need } from "./bytes.ts"

/** Get Chassis Status (IPMI 2.0 §28.2, Table 28-3). */
const restorePolicies = ["stays-off", "previous", "stays-on", "unknown"] as const
const identifyStates = ["off", "temporary", "on"] as const
const bits = {
  powerOn: 0x01,
  powerOverload: 0x02,
  powerFault: 0x08,
  intrusion: 0x01,
  driveFault: 0x04,
  coolingFault: 0x08,
  identifySupported: 0x40,
} as const

const bit = (condition: boolean, mask: number) => (condition ? mask : 0)

export function encodeChassisStatus(status: ChassisStatus): Buffer {
  const identify = status.identify === undefined ? 0 : bits.identifySupported | (identifyIndex(status.identify) << 4)
  return Buffer.from([
    bit(status.power === "on", bits.powerOn) |
      bit(status.powerOverload, bits.powerOverload) |
      bit(status.powerFault, bits.powerFault) |
      (restorePolicies.indexOf(status.restorePolicy) << 5),
    0,
    bit(status.intrusion, bits.intrusion) |
      bit(status.driveFault, bits.driveFault) |
      bit(status.coolingFault, bits.coolingFault) |
      identify,
  ])
}

function identifyIndex(state: (typeof identifyStates)[number]): number {
  return identifyStates.indexOf(state)
}

export function decodeChassisStatus(data: Buffer): ChassisStatus {
  need(data, 3, "Get Chassis Status")
  const [power, , misc] = [data[0]!, data[1]!, data[2]!]
  return {
    power: power & bits.powerOn ? "on" : "off",
    restorePolicy: restorePolicies[(power >> 5) & 3]!,
    powerOverload: (power & bits.powerOverload) !== 0,
    powerFault: (power & bits.powerFault) !== 0,
    intrusion: (misc & bits.intrusion) !== 0,
    driveFault: (misc & bits.driveFault) !== 0,
    coolingFault: (misc & bits.coolingFault) !== 0,
    identify: misc & bits.identifySupported ? identifyStates[(misc >> 4) & 3] : undefined,
  }
}
