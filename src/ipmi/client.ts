import type { Duplex } from "node:stream"
import type { Clock } from "../util/clock.ts"
import type { Secret } from "../util/secret.ts"
import type {
  BmcUser,
  BootSelection,
  ChannelInfo,
  ChassisAction,
  ChassisStatus,
  DeviceId,
  Privilege,
  SensorReading,
} from "./types.ts"

export interface BmcTarget {
  readonly host: string
  /** 623 unless given. */
  readonly port?: number
  readonly username: string
  readonly password: Secret
  /** What the session asks for; administrator unless given. */
  readonly privilege?: Privilege
  /** The node's name, for errors; the BMC's address unless given. */
  readonly node?: string
}

export interface ClientDependencies {
  readonly clock?: Clock
  /** How long one command may take with all its retransmissions, in ms. 20 000 unless given. */
  readonly deadlineMs?: number
}

export interface CallOptions {
  readonly signal?: AbortSignal
}

/** One BMC. Keeps one session, opened by the first command and re-used by the rest; commands go out one after the other. */
export declare class IpmiClient {
  constructor(target: BmcTarget, dependencies?: ClientDependencies)
  chassisStatus(options?: CallOptions): Promise<ChassisStatus>
  /** `on`, `off` and `cycle` resolve when the power state, read back, is the wanted one; the rest once accepted. */
  chassisControl(action: ChassisAction, options?: CallOptions): Promise<void>
  setBootDevice(selection: BootSelection, options?: CallOptions): Promise<void>
  getBootDevice(options?: CallOptions): Promise<BootSelection>
  deviceId(options?: CallOptions): Promise<DeviceId>
  sensors(options?: CallOptions): Promise<SensorReading[]>
  users(options?: CallOptions): Promise<BmcUser[]>
  channelInfo(options?: CallOptions): Promise<ChannelInfo>
  /** The response's data without the completion code; a code other than 0 is an error. */
  raw(netFn: number, command: number, data?: Uint8Array, options?: CallOptions): Promise<Buffer>
  /** Activates the serial console. Ending or destroying the stream deactivates it. */
  sol(options?: CallOptions): Promise<Duplex>
  /** Closes the session on the BMC, as far as it answers, and the socket. Never rejects. */
  close(): Promise<void>
}
