import { createHash, randomBytes, randomUUID } from "node:crypto"
import { newKeyPair } from "../transport/key-pair.ts"
import { BifrostError } from "../util/errors.ts"
import { type CephSpec, planCeph } from "./ceph.ts"
import { labErrors } from "./errors.ts"

export type Firmware = "bios" | "uefi"

/** What a lab is: written once by `lab up`, read by everything else. Holds BMC passwords: the file is 0600. */
export interface LabSpec {
  readonly name: string
  readonly machines: readonly MachineSpec[]
  readonly hosts: readonly HostSpec[]
  readonly ceph?: CephSpec
}

/** A container that stands for a server whose system is there already: no BMC, no firmware, native speed. */
export interface HostSpec {
  readonly name: string
  readonly mac: string
  readonly ip: string
  /** OpenSSH's formats. Drawn once: whoever adopted the host goes by it. */
  readonly sshHostKey: { readonly private: string; readonly public: string }
}

export interface MachineSpec {
  readonly name: string
  readonly uuid: string
  readonly mac: string
  /** Where the machine's system answers once it is deployed. */
  readonly ip: string
  readonly firmware: Firmware
  readonly cpus: number
  readonly memoryMb: number
  readonly diskBytes: number
  /** It has a second card, on the network where instances are reached. */
  readonly external?: boolean
  readonly bmc: { readonly address: string; readonly port: number; readonly user: string; readonly password: string }
}

export interface LabOptions {
  /** Without it one, or none beside hosts. */
  readonly nodes?: number
  readonly hosts?: number
  /** A Ceph cluster beside them. */
  readonly ceph?: boolean
  /** With a unit: 2G, 1536M. */
  readonly memory?: string
  readonly cpus?: number
  readonly disk?: string
  /** `mixed` alternates, BIOS first. */
  readonly firmware?: Firmware | "mixed"
  readonly external?: boolean
}

export const defaults = { nodes: 1, memory: "2G", cpus: 2, disk: "12G", firmware: "bios" } as const

/** The lab's network, as docs/architecture.md has it. */
export const network = {
  bridge: "prov0",
  prefix: 24,
  own: "172.22.0.254",
  service: "172.22.0.1",
  machine: (index: number) => `172.22.0.${11 + index}`,
  host: (index: number) => `172.22.0.${61 + index}`,
  bmc: (index: number) => `172.22.0.${101 + index}`,
  ceph: "172.22.0.151",
} as const

/** Where the second interfaces of hosts and machines are: what a cloud's instances are reached by, as in DevStack. */
export const external = { bridge: "ext0", gateway: "172.24.4.1", prefix: 24 } as const

/** .11 to .60 are the machines', .61 to .100 the hosts' and .101 to .150 the BMCs'; .151 is Ceph's. */
const mostMachines = 50
const mostHosts = 40

/** Also the name of the network namespace, of a directory, and part of socket paths, which end at 107 bytes. */
export function checkLabName(name: string): string {
  if (/^[a-z][a-z0-9-]{0,31}$/.test(name)) return name
  throw badOption("--name", name, "a small letter, then up to 31 small letters, digits and dashes")
}

/** Bytes of `2G`, `512M` and the like. */
export function parseSize(option: string, text: string): number {
  const match = /^([1-9]\d*)([MGT])i?B?$/i.exec(text)
  const power = { M: 20, G: 30, T: 40 }[match?.[2]?.toUpperCase() ?? ""]
  if (!match || power === undefined) throw badOption(option, text, "a whole number and a unit, such as 512M or 12G")
  return Number(match[1]) * 2 ** power
}

/** A lab from nothing: identities and passwords are drawn here and kept from then on. */
export function planLab(name: string, options: LabOptions): LabSpec {
  checkLabName(name)
  const hosts = options.hosts === undefined ? 0 : wholeNumber("--hosts", options.hosts, mostHosts)
  const nodes = options.nodes ?? (hosts > 0 ? 0 : defaults.nodes)
  if (nodes !== 0 || hosts === 0) wholeNumber("--nodes", nodes, mostMachines)
  return {
    name,
    machines: Array.from({ length: nodes }, (_, index) => planMachine(name, index, options)),
    hosts: Array.from({ length: hosts }, (_, index) => planHost(name, index)),
    ...(options.ceph && { ceph: planCeph(network.ceph) }),
  }
}

/**
 * The lab that `options` ask for, given the one there is: more machines, hosts and a Ceph are added; a machine that would have to change or
 * go is LAB_DIFFERS, because its disk may hold somebody's work. Options not given ask for nothing.
 */
export function extendLab(spec: LabSpec, options: LabOptions): LabSpec {
  const count = (option: "nodes" | "hosts", there: number, most: number) =>
    options[option] === undefined ? there : wholeNumber(`--${option}`, options[option], most)
  const nodes = count("nodes", spec.machines.length, mostMachines)
  const hosts = count("hosts", spec.hosts.length, mostHosts)
  const differences: string[] = []
  if (nodes < spec.machines.length) differences.push(`${spec.machines.length} machines, not ${nodes}`)
  if (hosts < spec.hosts.length) differences.push(`${spec.hosts.length} hosts, not ${hosts}`)
  for (const [index, machine] of spec.machines.entries()) {
    const asked = shapeOf(index, options)
    for (const key of ["cpus", "memoryMb", "diskBytes", "firmware", "external"] as const) {
      if (options[optionOf[key]] === undefined || asked[key] === (machine[key] ?? false)) continue
      differences.push(`${machine.name} has ${key} ${machine[key] ?? false}, not ${asked[key]}`)
    }
  }
  if (differences.length > 0) throw new BifrostError(labErrors.LAB_DIFFERS, { detail: differences.join("; ") })
  const first = spec.machines[0]
  const like: LabOptions = first
    ? {
        cpus: first.cpus,
        memory: `${first.memoryMb}M`,
        disk: `${first.diskBytes / 2 ** 20}M`,
        firmware: first.firmware,
        external: first.external ?? false,
      }
    : {}
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const added = Array.from({ length: nodes - spec.machines.length }, (_, n) =>
    planMachine(spec.name, spec.machines.length + n, { ...like, ...given }),
  )
  const addedHosts = Array.from({ length: hosts - spec.hosts.length }, (_, n) =>
    planHost(spec.name, spec.hosts.length + n),
  )
  const ceph = spec.ceph ?? (options.ceph ? planCeph(network.ceph) : undefined)
  return {
    ...spec,
    machines: [...spec.machines, ...added],
    hosts: [...spec.hosts, ...addedHosts],
    ...(ceph && { ceph }),
  }
}

const optionOf = {
  cpus: "cpus",
  memoryMb: "memory",
  diskBytes: "disk",
  firmware: "firmware",
  external: "external",
} as const

function shapeOf(index: number, options: LabOptions) {
  const firmware = options.firmware ?? defaults.firmware
  if (firmware !== "bios" && firmware !== "uefi" && firmware !== "mixed") {
    throw badOption("--firmware", firmware, "bios, uefi or mixed")
  }
  return {
    cpus: wholeNumber("--cpus", options.cpus ?? defaults.cpus, 64),
    memoryMb: parseSize("--memory", options.memory ?? defaults.memory) / 2 ** 20,
    diskBytes: parseSize("--disk", options.disk ?? defaults.disk),
    firmware: firmware === "mixed" ? (index % 2 === 0 ? "bios" : "uefi") : firmware,
    external: options.external ?? false,
  } as const
}

/** Of a machine's second card. */
export const externalMac = ({ mac }: Pick<MachineSpec, "mac">) => mac.replace(/^52:54:00/, "52:54:01")

/** Stable for a lab's name, so that a lab made again is the same hardware to whoever enrolled it. */
function macOf(identity: string): string {
  const digits = createHash("sha256").update(identity).digest("hex").slice(0, 6).match(/../g)?.join(":")
  return `52:54:00:${digits}`
}

function planHost(lab: string, index: number): HostSpec {
  const name = `host${index + 1}`
  const { private: secret, public: line } = newKeyPair(name)
  const sshHostKey = { private: secret.reveal(), public: line }
  return { name, mac: macOf(`${lab}/${name}`), ip: network.host(index), sshHostKey }
}

function planMachine(lab: string, index: number, options: LabOptions): MachineSpec {
  return {
    name: `node${index + 1}`,
    uuid: randomUUID(),
    mac: macOf(`${lab}/${index}`),
    ip: network.machine(index),
    ...shapeOf(index, options),
    // IPMI 2.0 §22.30: a password has at most 20 bytes; 16 characters can be used by 1.5 sessions too.
    bmc: { address: network.bmc(index), port: 623, user: "admin", password: randomBytes(12).toString("base64url") },
  }
}

function wholeNumber(option: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw badOption(option, String(value), `a whole number from 1 to ${most}`)
}

function badOption(option: string, value: string, expected: string): BifrostError {
  return new BifrostError(labErrors.LAB_BAD_OPTION, { detail: `${option} ${value}`, expected })
}
