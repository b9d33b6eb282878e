/** Values that client and server share, as data: name → number on the wire. */

/** §6.8, Table 22-15 (privilege level numbers). */
export const privileges = { callback: 1, user: 2, operator: 3, administrator: 4 } as const
export type Privilege = keyof typeof privileges

/** §6.3, Table 6-1: stands for the channel on which the request comes. */
export const currentChannel = 0x0e

/** §28.3 Chassis Control, Table 28-4. */
export const chassisActions = { off: 0, on: 1, cycle: 2, reset: 3, diag: 4, soft: 5 } as const
export type ChassisAction = keyof typeof chassisActions

export type Power = "on" | "off"

/** §28.13, Table 28-14, parameter 5, data 2, bits 5:2. `bios` is "boot into BIOS setup". */
export const bootDevices = { none: 0, pxe: 1, disk: 2, cdrom: 5, bios: 6 } as const
export type BootDevice = keyof typeof bootDevices

/** What the next boot (or, when `persistent`, every boot) starts from. `none` means the firmware's own order. */
export interface BootSelection {
  readonly device: BootDevice
  readonly persistent: boolean
  readonly efi: boolean
}

/** §28.2 Get Chassis Status. */
export interface ChassisStatus {
  readonly power: Power
  readonly restorePolicy: "stays-off" | "previous" | "stays-on" | "unknown"
  readonly powerOverload: boolean
  readonly powerFault: boolean
  readonly intrusion: boolean
  readonly driveFault: boolean
  readonly coolingFault: boolean
  /** Lit by Chassis Identify; undefined where the BMC does not report it. */
  readonly identify: "off" | "temporary" | "on" | undefined
}

/** §20.1 Get Device ID. */
export interface DeviceId {
  readonly id: number
  readonly revision: number
  /** e.g. "2.41": major is binary, minor BCD. */
  readonly firmware: string
  readonly ipmi: string
  /** IANA enterprise number. */
  readonly manufacturer: number
  readonly product: number
  /** Of: sensor, sdr-repository, sel, fru-inventory, ipmb-receiver, ipmb-generator, bridge, chassis. */
  readonly supports: readonly string[]
}

/** One row of the SDR repository that has a sensor, with its reading. */
export interface SensorReading {
  readonly number: number
  readonly name: string
  /** §42.2, Table 42-3: sensor type code, e.g. 1 temperature, 4 fan. */
  readonly type: number
  /** "C", "RPM", "V", …; empty for discrete sensors. */
  readonly unit: string
  /** In `unit`; undefined where the sensor is discrete, absent, disabled or not scanned now. */
  readonly value: number | undefined
  /** Discrete states as bits; for a threshold sensor the thresholds crossed. */
  readonly states: number
  readonly available: boolean
}

/** §22.26–22.29. Empty slots are left out. */
export interface BmcUser {
  readonly id: number
  readonly name: string
  readonly enabled: boolean
  /** Undefined: no access. */
  readonly privilege: Privilege | undefined
  readonly ipmi: boolean
}

/** §22.24 Get Channel Info. */
export interface ChannelInfo {
  readonly channel: number
  /** Table 6-3: 4 is 802.3 LAN. */
  readonly medium: number
  /** Table 6-2: 1 is IPMB-1.0. */
  readonly protocol: number
  readonly sessions: "none" | "single" | "multi" | "session-based"
  readonly activeSessions: number
}
