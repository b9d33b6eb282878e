import type { Duplex } from "node:stream"
import type { Secret } from "../../util/secret.ts"
import type { BootSelection, ChassisAction, Power, Privilege } from "../types.ts"

/** The machine behind a BMC. `src/lab` implements it over QMP; `BootFlags` keeps the boot selection for it. */
export interface Chassis {
  power(): Promise<Power>
  /**
   * Resolves once the machine has taken the action (for `soft`: once the request is sent), so that a `power()` right after
   * it tells the truth. `on` while on and `off` while off are no errors. A rejection with
   * BMC_BUSY becomes completion code C0h ("ask again"), any other FFh.
   */
  control(action: ChassisAction): Promise<void>
  /** What is set for the next boot: `{device: "none", …}` once a one-shot selection was used. */
  bootSelection(): Promise<BootSelection>
  setBootSelection(selection: BootSelection): Promise<void>
}

/** The machine's serial port. */
export interface SolPort {
  /** Connects for one console; the server destroys the stream when the console ends. At most one at a time. */
  attach(): Promise<Duplex>
}

export interface ServerUser {
  readonly name: string
  readonly password: Secret
  readonly privilege: Privilege
}

/** What the BMC says about the machine in FRU, GUID and device id. */
export interface Identity {
  /** A UUID; Get System GUID. */
  readonly guid: string
  readonly manufacturer: string
  readonly product: string
  readonly serial: string
}

/** A sensor with a number. Readings are whole numbers 0…255 in `unit` times `scale`. */
export interface AnalogServerSensor {
  readonly name: string
  readonly kind: "temperature" | "fan" | "power"
  /** In °C, RPM or W; undefined while the sensor has none, as a fan of a machine that is off. */
  read(): Promise<number | undefined>
}

/** Tells the ACPI power state, which follows from whether the machine is on. */
export interface PowerStateSensor {
  readonly name: string
  readonly kind: "acpi"
  read(): Promise<Power>
}

export type ServerSensor = AnalogServerSensor | PowerStateSensor

export interface IpmiServerOptions {
  /** One address of this host; never a wildcard. */
  readonly address: string
  /** 623 for a real BMC; 0 takes a free one, which `listen()` returns. */
  readonly port: number
  readonly users: readonly ServerUser[]
  readonly chassis: Chassis
  readonly sol?: SolPort
  readonly identity: Identity
  readonly sensors?: readonly ServerSensor[]
}
