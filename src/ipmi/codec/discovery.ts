import { currentChannel, type Privilege, privileges } from "../types.ts"
import { need } from "./bytes.ts"

/** Get Channel Authentication Capabilities (IPMI 2.0 §22.13, Table 22-15). */
const extended = 0x80

export interface AuthCapabilities {
  readonly channel: number
  /** Speaks RMCP+. */
  readonly ipmi20: boolean
  /** Wants a BMC key K_G besides the password. */
  readonly bmcKey: boolean
}

export function encodeAuthCapabilitiesRequest(privilege: Privilege): Buffer {
  return Buffer.from([extended | currentChannel, privileges[privilege]])
}

export function encodeAuthCapabilities(capabilities: AuthCapabilities): Buffer {
  const { channel, ipmi20, bmcKey } = capabilities
  // Login status bit 2: non-null user names exist. Authentication types of IPMI 1.5: none is offered.
  return Buffer.from([channel, ipmi20 ? extended : 0, 0x04 | (bmcKey ? 0x20 : 0), ipmi20 ? 0x02 : 0x01, 0, 0, 0, 0])
}

export function decodeAuthCapabilities(data: Buffer): AuthCapabilities {
  need(data, 4, "Get Channel Authentication Capabilities")
  const ipmi20 = (data[1]! & extended) !== 0 && (data[3]! & 0x02) !== 0
  return { channel: data[0]! & 0x0f, ipmi20, bmcKey: ipmi20 && (data[2]! & 0x20) !== 0 }
}
