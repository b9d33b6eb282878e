import type { NodeRecord, PowerState } from "../../store/records.ts"
import type { Secret } from "../../util/secret.ts"
import type { BootDevice, PowerTarget } from "../port.ts"

/** Both reject with the errors of the BMC's own room (src/ipmi/errors.ts), which name the node. */
export interface PowerDriver {
  /** Null when nothing can tell. */
  get(signal: AbortSignal): Promise<PowerState | null>
  /** Resolves once the BMC itself reports the state. May be called again. */
  set(target: PowerTarget, signal: AbortSignal): Promise<PowerState>
}

export interface BootDeviceSetting {
  readonly device: BootDevice | null
  readonly persistent: boolean | null
}

export interface ManagementDriver {
  /** `efi`: whether the firmware is to boot in UEFI mode. Read back after the write. */
  setBootDevice(device: BootDevice, options: { persistent: boolean; efi: boolean }, signal: AbortSignal): Promise<void>
  getBootDevice(signal: AbortSignal): Promise<BootDeviceSetting>
}

/** How one kind of BMC is driven. */
export interface Driver {
  /** There is no BMC: a person switches the machine and starts what it runs. Such a node is adopted, never deployed. */
  readonly byHand?: true
  /** What is missing in the node's description; undefined when it is complete. Asks no BMC. */
  missing(node: NodeRecord, password: Secret | undefined): string | undefined
  power(node: NodeRecord, password: Secret): PowerDriver
  management(node: NodeRecord, password: Secret): ManagementDriver
  /** Ends the sessions with all BMCs. */
  close(): Promise<void>
}

export type Drivers = Readonly<Record<string, Driver>>
