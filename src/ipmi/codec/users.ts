import { type Privilege, privileges } from "../types.ts"
import { nameOf, need } from "./bytes.ts"

/** Get User Access (IPMI 2.0 §22.27, Table 22-32). */
export interface UserAccess {
  readonly maxUsers: number
  readonly enabledUsers: number
  readonly enabled: boolean
  readonly ipmi: boolean
  /** Undefined: Fh, no access. */
  readonly privilege: Privilege | undefined
}

const noAccess = 0x0f
const ipmiMessaging = 0x10
const userEnabled = 0x40
const userDisabled = 0x80
/** Bits 7:6 of byte 2 as 0 mean "not told": BMCs from before IPMI 2.0 errata 4. */
const enableMask = 0xc0

export function encodeUserAccess(access: UserAccess): Buffer {
  const level = access.privilege === undefined ? noAccess : privileges[access.privilege]
  const enabled = access.enabled ? userEnabled : userDisabled
  return Buffer.from([access.maxUsers, enabled | access.enabledUsers, 0, (access.ipmi ? ipmiMessaging : 0) | level])
}

export function decodeUserAccess(data: Buffer): UserAccess {
  need(data, 4, "Get User Access")
  const ipmi = (data[3]! & ipmiMessaging) !== 0
  const told = data[1]! & enableMask
  return {
    maxUsers: data[0]! & 0x3f,
    enabledUsers: data[1]! & 0x3f,
    enabled: told === 0 ? ipmi : told === userEnabled,
    ipmi,
    privilege: nameOf(privileges, data[3]! & 0x0f),
  }
}
