import { bootParameters, decodeBootFlags, encodeBootFlags, encodeBootParameter } from "../../codec/boot-options.ts"
import { nameOf } from "../../codec/bytes.ts"
import { encodeChassisStatus } from "../../codec/chassis.ts"
import { completion } from "../../codec/completion.ts"
import { chassisActions } from "../../types.ts"
import type { Handlers } from "./handler.ts"

/** Boot parameters that only the BMC itself keeps; the flags (5) are the chassis's. */
export interface BootState {
  setInProgress: number
  validBitClearing: number
  acknowledge: Buffer
}

export function newBootState(): BootState {
  return { setInProgress: 0, validBitClearing: 0, acknowledge: Buffer.alloc(2) }
}

/** IPMI 2.0 §28.12, §28.13: the parameter is not supported. */
const unsupportedParameter = 0x80
const readyStatus = {
  restorePolicy: "previous",
  powerOverload: false,
  powerFault: false,
  intrusion: false,
  driveFault: false,
  coolingFault: false,
  identify: undefined,
} as const

export const chassisHandlers: Handlers = {
  // §28.1: no intrusion sensor, no front panel lock; FRU, SDR, SEL and SM devices at the BMC's address.
  getChassisCapabilities: () => Buffer.from([0, 0x20, 0x20, 0x20, 0x20]),
  getRestartCause: () => Buffer.from([0, 0]),

  async getChassisStatus({ options }) {
    return encodeChassisStatus({ power: await options.chassis.power(), ...readyStatus })
  },

  async chassisControl({ options }, data) {
    if (data.length < 1) return completion.wrongLength
    const action = nameOf(chassisActions, data[0]! & 0x0f)
    if (!action) return completion.invalidField
    // §28.3: what needs a running machine answers D5h while it is off.
    const needsPower = action !== "on" && action !== "off"
    if (needsPower && (await options.chassis.power()) === "off") return completion.notInThisState
    await options.chassis.control(action)
    return Buffer.alloc(0)
  },

  async setBootOptions({ options, boot }, data) {
    if (data.length < 1) return completion.wrongLength
    const parameter = data[0]! & 0x7f
    const value = data.subarray(1)
    if (parameter === bootParameters.setInProgress && value.length >= 1) boot.setInProgress = value[0]! & 0x03
    else if (parameter === bootParameters.validBitClearing && value.length >= 1) boot.validBitClearing = value[0]!
    else if (parameter === bootParameters.infoAcknowledge && value.length >= 2) {
      boot.acknowledge = Buffer.from(value.subarray(0, 2))
    } else if (parameter === bootParameters.flags && value.length >= 2) {
      await options.chassis.setBootSelection(decodeBootFlags(value))
    } else return unsupportedParameter
    return Buffer.alloc(0)
  },

  async getBootOptions({ options, boot }, data) {
    if (data.length < 1) return completion.wrongLength
    const parameter = data[0]! & 0x7f
    if (parameter === bootParameters.setInProgress) {
      return encodeBootParameter(parameter, [boot.setInProgress])
    }
    if (parameter === bootParameters.validBitClearing) return encodeBootParameter(parameter, [boot.validBitClearing])
    if (parameter === bootParameters.infoAcknowledge) return encodeBootParameter(parameter, boot.acknowledge)
    if (parameter !== bootParameters.flags) return unsupportedParameter
    return encodeBootParameter(parameter, encodeBootFlags(await options.chassis.bootSelection()))
  },
}
