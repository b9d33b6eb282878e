import { existsSync, rmSync } from "node:fs"
import { run } from "../util/run.ts"
import { namespaceInode } from "./processes.ts"
import { external, type LabSpec, network } from "./spec.ts"

export const namespacePath = (name: string) => `/run/netns/${name}`
export const tapOf = (index: number) => `tap${index + 1}`
export const externalTap = (tap: string) => `${tap}-ext`

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
 * The namespace with its bridges, the lab's and the BMCs' addresses, and a tap for each card of a machine. Adds only what is not there
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
  const own = [network.own, ...spec.machines.map((machine) => machine.bmc.address)]
  const bridges = [
    { name: bridge, addresses: own.map((address) => `${address}/${prefix}`) },
    ...(spec.hosts.length > 0 || spec.machines.some((machine) => machine.external)
      ? [{ name: external.bridge, addresses: [`${external.gateway}/${external.prefix}`] }]
      : []),
  ]
  if (!found.get("lo")?.flags.includes("UP")) lines.push("link set lo up")
  for (const { name, addresses: wanted } of bridges) {
    // No spanning tree and no delay: a port that learns for 15 s would swallow the first DHCPDISCOVERs.
    if (!found.has(name)) lines.push(`link add ${name} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`)
    if (!found.get(name)?.flags.includes("UP")) lines.push(`link set ${name} up`)
    for (const address of wanted) {
      if (!addresses.has(address.split("/")[0])) lines.push(`address add ${address} dev ${name}`)
    }
  }
  const taps = spec.machines.flatMap((machine, index) => [
    { tap: tapOf(index), master: bridge },
    ...(machine.external ? [{ tap: externalTap(tapOf(index)), master: external.bridge }] : []),
  ])
  for (const { tap, master } of taps) {
    const port = found.get(tap)
    if (!port) lines.push(`tuntap add ${tap} mode tap`)
    if (port?.master !== master || !port.flags.includes("UP")) lines.push(`link set ${tap} master ${master} up`)
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

/** One end of a veth in the lab, the other in a container's network namespace. It ends with the container. */
export interface Plug {
  /** In the lab: the port's name, and the bridge that it is a port of. */
  readonly port: string
  readonly bridge: string
  /** In the container. */
  readonly inside: string
  readonly mac?: string
  /** With prefix length. */
  readonly address?: string
}

/** Plugs the container whose process is `pid` into the lab. Does nothing where that is done already. */
export async function plug(labName: string, pid: number, { port, bridge, inside, mac, address }: Plug): Promise<void> {
  const runInside = (...args: string[]) => run("nsenter", [`--net=/proc/${pid}/ns/net`, "--", "ip", ...args])
  const there: Link[] = JSON.parse((await runInside("-json", "address", "show")).stdout)
  if (!there.some((link) => link.ifname === inside)) {
    const veth = ["link", "add", port, "netns", labName, "type", "veth"]
    await run("ip", [...veth, "peer", "name", inside, ...(mac ? ["address", mac] : []), "netns", String(pid)])
  }
  await run("ip", ["-n", labName, "link", "set", port, "master", bridge, "up"])
  if (address) await runInside("address", "replace", address, "dev", inside)
  await runInside("link", "set", inside, "up")
}

/** Plugs the service's container in: it has the provisioning network under the bridge's own name. */
export async function attachContainer(labName: string, pid: number): Promise<void> {
  const { bridge, service, prefix } = network
  await plug(labName, pid, { port: `veth${pid}`, bridge, inside: bridge, address: `${service}/${prefix}` })
}
