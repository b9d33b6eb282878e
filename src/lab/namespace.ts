import { existsSync, rmSync } from "node:fs"
import { run } from "../util/run.ts"
import { namespaceInode } from "./processes.ts"
import { type LabSpec, network } from "./spec.ts"

export const namespacePath = (name: string) => `/run/netns/${name}`
export const tapOf = (index: number) => `tap${index + 1}`

export function namespaceExists(name: string): boolean {
  return namespaceInode(namespacePath(name)) !== undefined
}

/** argv that runs a command inside the lab's network, and only that: mounts and /sys stay the host's. */
export const inNamespace = (name: string, argv: readonly string[]) => [
  "nsenter",
  `--net=${namespacePath(name)}`,
  "--",
  ...argv,
]

/** Of `ip -json address`. */
interface Link {
  readonly ifname: string
  readonly flags: readonly string[]
  readonly master?: string
  readonly addr_info: readonly { readonly local?: string }[]
}

/**
 * The namespace with its bridge, the lab's and the BMCs' addresses, and a tap for each machine. Adds only what is not there
 * and returns what that was.
 */
export async function ensureNetwork(spec: LabSpec): Promise<string[]> {
  const made: string[] = []
  if (!namespaceExists(spec.name)) {
    rmSync(namespacePath(spec.name), { force: true }) // the file of a namespace whose making was cut off
    await run("ip", ["netns", "add", spec.name])
    made.push(`namespace ${spec.name}`)
  }
  const { stdout } = await run("ip", ["-n", spec.name, "-json", "address", "show"])
  const links: Link[] = JSON.parse(stdout)
  const missing = missingLines(spec, links)
  if (missing.length > 0) await run("ip", ["-n", spec.name, "-batch", "-"], { input: `${missing.join("\n")}\n` })
  return [...made, ...missing.flatMap((line) => /^(?:link|tuntap|address) add .*$/.exec(line) ?? [])]
}

/** Lines for `ip -batch` that turn the network found into the one wanted. */
export function missingLines(spec: LabSpec, links: readonly Link[]): string[] {
  const found = new Map(links.map((link) => [link.ifname, link]))
  const addresses = new Set(links.flatMap((link) => link.addr_info.map((info) => info.local)))
  const lines: string[] = []
  const { bridge, prefix } = network
  // No spanning tree and no delay: a port that learns for 15 s would swallow the first DHCPDISCOVERs.
  if (!found.has(bridge)) lines.push(`link add ${bridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`)
  for (const name of ["lo", bridge]) {
    if (!found.get(name)?.flags.includes("UP")) lines.push(`link set ${name} up`)
  }
  for (const address of [network.own, ...spec.machines.map((machine) => machine.bmc.address)]) {
    if (!addresses.has(address)) lines.push(`address add ${address}/${prefix} dev ${bridge}`)
  }
  for (const tap of spec.machines.map((_, index) => tapOf(index))) {
    const port = found.get(tap)
    if (!port) lines.push(`tuntap add ${tap} mode tap`)
    if (port?.master !== bridge || !port.flags.includes("UP")) lines.push(`link set ${tap} master ${bridge} up`)
  }
  return lines
}

/** Removes the namespace with all that is in it; false when there was none. */
export async function removeNetwork(name: string): Promise<boolean> {
  const existed = existsSync(namespacePath(name))
  if (namespaceExists(name)) await run("ip", ["netns", "del", name])
  rmSync(namespacePath(name), { force: true })
  return existed
}

/**
 * Plugs a container into the lab: a veth from the bridge into the network namespace of `pid`, there called `prov0`, with the
 * service's address. Does nothing when the container has it already. The veth ends with the container.
 */
export async function attachContainer(labName: string, pid: number): Promise<void> {
  const inside = ["nsenter", `--net=/proc/${pid}/ns/net`, "--", "ip"]
  const runInside = (...args: string[]) => run(inside[0]!, [...inside.slice(1), ...args])
  const { bridge, service, prefix } = network
  const there: Link[] = JSON.parse((await runInside("-json", "address", "show")).stdout)
  const port = `veth${pid}`
  if (!there.some((link) => link.ifname === bridge)) {
    await run("ip", [
      "link",
      "add",
      port,
      "netns",
      labName,
      "type",
      "veth",
      "peer",
      "name",
      bridge,
      "netns",
      String(pid),
    ])
  }
  await run("ip", ["-n", labName, "link", "set", port, "master", bridge, "up"])
  await runInside("address", "replace", `${service}/${prefix}`, "dev", bridge)
  await runInside("link", "set", bridge, "up")
}
