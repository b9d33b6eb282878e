import { nameOf } from "../../codec/bytes.ts"
import { completion } from "../../codec/completion.ts"
import { encodeChannelInfo, encodeDeviceId } from "../../codec/device.ts"
import { encodeAuthCapabilities } from "../../codec/discovery.ts"
import { payloadTypes } from "../../codec/session20.ts"
import { encodeSuiteRecords } from "../../codec/suites.ts"
import { encodeUserAccess } from "../../codec/users.ts"
import { currentChannel, privileges } from "../../types.ts"
import { atLeast } from "../session-table.ts"
import type { Handlers } from "./handler.ts"

const lanChannel = 1
/** IPMI 2.0 §22.15: bytes of cipher suite records in one answer. */
const recordsPerAnswer = 16
const deviceId = {
  id: 0x20,
  revision: 1,
  firmware: "1.00",
  ipmi: "2.0",
  manufacturer: 0,
  product: 0x4246,
  supports: ["sensor", "sdr-repository", "fru-inventory", "chassis"],
}

/** §22.14: a UUID with its bytes reversed. */
export function guidBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll("-", ""), "hex").reverse()
}

function isLan(data: Buffer): boolean {
  const channel = data[0]! & 0x0f
  return channel === lanChannel || channel === currentChannel
}

export const appHandlers: Handlers = {
  getDeviceId: () => encodeDeviceId(deviceId),
  // §20.4: no error.
  getSelfTestResults: () => Buffer.from([0x55, 0]),
  getDeviceGuid: ({ options }) => guidBytes(options.identity.guid),
  getSystemGuid: ({ options }) => guidBytes(options.identity.guid),

  getChannelAuthCapabilities(_, data) {
    if (data.length < 2) return completion.wrongLength
    if (!isLan(data)) return completion.invalidField
    return encodeAuthCapabilities({ channel: lanChannel, ipmi20: true, bmcKey: false })
  },

  getChannelCipherSuites(_, data) {
    if (data.length < 3) return completion.wrongLength
    if (!isLan(data)) return completion.invalidField
    const start = (data[2]! & 0x3f) * recordsPerAnswer
    const records = encodeSuiteRecords([3, 17]).subarray(start, start + recordsPerAnswer)
    return Buffer.concat([Buffer.from([lanChannel]), records])
  },

  setSessionPrivilege({ session }, data) {
    if (!session) return completion.notInThisState
    if (data.length < 1) return completion.wrongLength
    const wanted = data[0]! & 0x0f
    if (wanted === 0) return Buffer.from([privileges[session.privilege]])
    const privilege = nameOf(privileges, wanted)
    // §22.18: 80h, not available for this user.
    if (!privilege || !atLeast(session.highest, privilege)) return 0x80
    session.privilege = privilege
    return Buffer.from([wanted])
  },

  closeSession({ sessions, session }, data) {
    if (data.length < 4) return completion.wrongLength
    const id = data.readUInt32LE(0)
    // §22.19: 87h, invalid session id. Only an administrator may end another's session.
    if (id !== session?.id && session?.privilege !== "administrator") return completion.insufficientPrivilege
    return sessions.end(id) ? Buffer.alloc(0) : 0x87
  },

  // §22.20: handle, possible, active, then what is told of the current session.
  getSessionInfo({ sessions, session, options }) {
    if (!session) return completion.notInThisState
    const user = options.users.findIndex(({ name }) => name === session.user?.name) + 1
    return Buffer.from([1, 32, sessions.activeCount, user, privileges[session.privilege], 0x10 | lanChannel])
  },

  // §22.24: 802.3 LAN, IPMB-1.0 protocol, multi-session.
  getChannelInfo({ sessions }, data) {
    if (data.length < 1) return completion.wrongLength
    if (!isLan(data)) return completion.invalidField
    const activeSessions = Math.min(sessions.activeCount, 0x3f)
    return encodeChannelInfo({ channel: lanChannel, medium: 4, protocol: 1, sessions: "multi", activeSessions })
  },

  // §22.23: always available, alerting off, per-message authentication on; privilege limit administrator.
  getChannelAccess(_, data) {
    if (data.length < 2) return completion.wrongLength
    return isLan(data) ? Buffer.from([0x22, privileges.administrator]) : completion.invalidField
  },

  getUserAccess({ options }, data) {
    if (data.length < 2) return completion.wrongLength
    const id = data[1]! & 0x3f
    if (!isLan(data) || id < 1 || id > options.users.length) return completion.invalidField
    const { privilege } = options.users[id - 1]!
    const count = options.users.length
    return encodeUserAccess({ maxUsers: count, enabledUsers: count, enabled: true, ipmi: true, privilege })
  },

  getUserName({ options }, data) {
    if (data.length < 1) return completion.wrongLength
    const user = options.users[(data[0]! & 0x3f) - 1]
    if (!user) return completion.invalidField
    const name = Buffer.alloc(16)
    name.write(user.name, "latin1")
    return name
  },

  async activatePayload({ session, sol, options }, data) {
    if (!session) return completion.notInThisState
    if (data.length < 6) return completion.wrongLength
    if (data[0] !== payloadTypes.sol || data[1] !== 1) return completion.invalidField
    const refusal = await sol.activate(session)
    if (refusal !== undefined) return refusal
    const answer = Buffer.alloc(12)
    answer.writeUInt16LE(255, 4)
    answer.writeUInt16LE(255, 6)
    answer.writeUInt16LE(options.port, 8)
    answer.writeUInt16LE(0xffff, 10)
    return answer
  },

  deactivatePayload({ sol }, data) {
    if (data.length < 2) return completion.wrongLength
    if (data[0] !== payloadTypes.sol || data[1] !== 1) return completion.invalidField
    // §24.2: 80h, already deactivated.
    return sol.deactivate() ? Buffer.alloc(0) : 0x80
  },

  // §24.4: one instance; a bit for each that is active.
  getPayloadActivation({ sol }, data) {
    if (data[0] !== payloadTypes.sol) return completion.invalidField
    return Buffer.from([1, sol.active ? 1 : 0, 0])
  },
  // §24.7: standard payload 1 (SOL).
  getUserPayloadAccess: () => Buffer.from([0x02, 0, 0, 0]),
  // §24.8: payloads 0 and 1, and the session setup ones 10h–15h.
  getChannelPayloadSupport: () => Buffer.from([0x03, 0, 0x3f, 0, 0, 0, 0, 0]),
  // §24.9: version 1.0.
  getChannelPayloadVersion: () => Buffer.from([0x10]),
}
