import { createHash, randomBytes, randomUUID } from "node:crypto"
import { BifrostError } from "../util/errors.ts"
import { labErrors } from "./errors.ts"

export type Firmware = "bios" | "uefi"

/** What a lab is: written once by `lab up`, read by everything else. Holds BMC passwords: the file is 0600. */
export interface LabSpec {
  readonly name: string
  readonly machines: readonly MachineSpec[]
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
  readonly bmc: { readonly address: string; readonly port: number; readonly user: string; readonly password: string }
}

export interface LabOptions {
  readonly nodes?: number
  /** With a unit: 2G, 1536M. */
  readonly memory?: string
  readonly cpus?: number
  readonly disk?: string
  /** `mixed` alternates, BIOS first. */
  readonly firmware?: Firmware | "mixed"
}

export const defaults = { nodes: 1, memory: "2G", cpus: 2, disk: "12G", firmware: "bios" } as const

/** The lab's network, as docs/architecture.md has it. */
export const network = {
  bridge: "prov0",
  prefix: 24,
  own: "172.22.0.254",
  service: "172.22.0.1",
  machine: (index: number) => `172.22.0.${11 + index}`,
  bmc: (index: number) => `172.22.0.${101 + index}`,
} as const

/** .11 to .100 are the machines' and .101 to .190 their BMCs'. */
const mostMachines = 90

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
  const nodes = wholeNumber("--nodes", options.nodes ?? defaults.nodes, mostMachines)
  return { name, machines: Array.from({ length: nodes }, (_, index) => planMachine(name, index, options)) }
}

/**
 * The lab that `options` ask for, given the one there is: more machines are added; a machine that would have to change or
 * go is LAB_DIFFERS, because its disk may hold somebody's work. Options not given ask for nothing.
 */
export function extendLab(spec: LabSpec, options: LabOptions): LabSpec {
  const nodes = wholeNumber("--nodes", options.nodes ?? spec.machines.length, mostMachines)
  const differences: string[] = []
  if (nodes < spec.machines.length) differences.push(`${spec.machines.length} machines, not ${nodes}`)
  for (const [index, machine] of spec.machines.entries()) {
    const asked = shapeOf(index, options)
    for (const key of ["cpus", "memoryMb", "diskBytes", "firmware"] as const) {
      if (options[optionOf[key]] === undefined || asked[key] === machine[key]) continue
      differences.push(`${machine.name} has ${key} ${machine[key]}, not ${asked[key]}`)
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
      }
    : {}
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const added = Array.from({ length: nodes - spec.machines.length }, (_, n) =>
    planMachine(spec.name, spec.machines.length + n, { ...like, ...given }),
  )
  return { ...spec, machines: [...spec.machines, ...added] }
}

const optionOf = { cpus: "cpus", memoryMb: "memory", diskBytes: "disk", firmware: "firmware" } as const

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
  } as const
}

function planMachine(lab: string, index: number, options: LabOptions): MachineSpec {
  // Stable for a lab's name, so that a lab made again is the same hardware to whoever enrolled it.
  const mac = createHash("sha256").update(`${lab}/${index}`).digest("hex").slice(0, 6).match(/../g)?.join(":")
  return {
    name: `node${index + 1}`,
    uuid: randomUUID(),
    mac: `52:54:00:${mac}`,
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
