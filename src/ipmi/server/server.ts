import type { Clock } from "../../util/clock.ts"
import type { IpmiServerOptions } from "./ports.ts"

/** A BMC that speaks IPMI 2.0 (RMCP+) on one UDP port. */
export declare class IpmiServer {
  constructor(options: IpmiServerOptions, dependencies?: { clock?: Clock })
  /** Binds; resolves to where it listens. */
  listen(): Promise<{ address: string; port: number }>
  /** Ends every session and console, and frees the port. */
  close(): Promise<void>
}
