/** Commands by name (IPMI 2.0 Appendix G): network function, number, and the least privilege for which a BMC runs it. */
import type { Privilege } from "../types.ts"

export interface Command {
  readonly netFn: number
  readonly command: number
  readonly privilege: Privilege
}

const chassis = 0x00
const sensor = 0x04
const app = 0x06
const storage = 0x0a
const transport = 0x0c

export const commands = {
  getChassisCapabilities: { netFn: chassis, command: 0x00, privilege: "user" },
  getChassisStatus: { netFn: chassis, command: 0x01, privilege: "user" },
  chassisControl: { netFn: chassis, command: 0x02, privilege: "operator" },
  getRestartCause: { netFn: chassis, command: 0x07, privilege: "user" },
  setBootOptions: { netFn: chassis, command: 0x08, privilege: "operator" },
  getBootOptions: { netFn: chassis, command: 0x09, privilege: "operator" },
  getSensorReading: { netFn: sensor, command: 0x2d, privilege: "user" },
  getDeviceId: { netFn: app, command: 0x01, privilege: "user" },
  getSelfTestResults: { netFn: app, command: 0x04, privilege: "user" },
  getDeviceGuid: { netFn: app, command: 0x08, privilege: "user" },
  getSystemGuid: { netFn: app, command: 0x37, privilege: "user" },
  getChannelAuthCapabilities: { netFn: app, command: 0x38, privilege: "callback" },
  setSessionPrivilege: { netFn: app, command: 0x3b, privilege: "callback" },
  closeSession: { netFn: app, command: 0x3c, privilege: "callback" },
  getSessionInfo: { netFn: app, command: 0x3d, privilege: "user" },
  getChannelAccess: { netFn: app, command: 0x41, privilege: "user" },
  getChannelInfo: { netFn: app, command: 0x42, privilege: "user" },
  getUserAccess: { netFn: app, command: 0x44, privilege: "operator" },
  getUserName: { netFn: app, command: 0x46, privilege: "operator" },
  activatePayload: { netFn: app, command: 0x48, privilege: "user" },
  deactivatePayload: { netFn: app, command: 0x49, privilege: "user" },
  getPayloadActivation: { netFn: app, command: 0x4a, privilege: "user" },
  getUserPayloadAccess: { netFn: app, command: 0x4d, privilege: "operator" },
  getChannelPayloadSupport: { netFn: app, command: 0x4e, privilege: "user" },
  getChannelPayloadVersion: { netFn: app, command: 0x4f, privilege: "user" },
  getChannelCipherSuites: { netFn: app, command: 0x54, privilege: "callback" },
  getFruArea: { netFn: storage, command: 0x10, privilege: "user" },
  readFru: { netFn: storage, command: 0x11, privilege: "user" },
  getSdrRepository: { netFn: storage, command: 0x20, privilege: "user" },
  reserveSdr: { netFn: storage, command: 0x22, privilege: "user" },
  getSdr: { netFn: storage, command: 0x23, privilege: "user" },
  setSolConfig: { netFn: transport, command: 0x21, privilege: "administrator" },
  getSolConfig: { netFn: transport, command: 0x22, privilege: "user" },
} as const satisfies Record<string, Command>

export type CommandName = keyof typeof commands

const byNumber = new Map(
  (Object.keys(commands) as CommandName[]).map((name) => [commands[name].netFn * 256 + commands[name].command, name]),
)

export function commandName(netFn: number, command: number): CommandName | undefined {
  return byNumber.get(netFn * 256 + command)
}

const hex = (value: number) => `${value.toString(16).padStart(2, "0")}h`

/** "get chassis status", or numbers for a command that is not in the table. */
export function describeCommand(netFn: number, command: number): string {
  const name = commandName(netFn, command)
  return name?.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`) ?? `command ${hex(netFn)}/${hex(command)}`
}
