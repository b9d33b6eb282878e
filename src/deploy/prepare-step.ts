import { isIP } from "node:net"
import type { Change, Step } from "../graph/step.ts"
import type { DeployHost } from "./host.ts"
import type { Inventory } from "./inventory.ts"

interface Prepared {
  readonly path: string
  readonly mode: number
  readonly seen: string | undefined
  readonly wanted: string
}

export interface PrepareStepOptions {
  readonly host: DeployHost
  readonly inventory: Inventory
  /** Of the site's entrances → address. */
  readonly names: ReadonlyMap<string, string>
  readonly registry: { readonly address: string; readonly ca?: string }
  /** Asked first; rejects when the host must not be touched. */
  readonly check?: () => Promise<void>
}

/** What a host needs before containers: trust in the registry, and the names of its peers. Nothing is restarted. */
export function prepareStep({ host, inventory, names, registry, check }: PrepareStepOptions): Step<Prepared[]> {
  const { transport } = host
  let last: Prepared[] = []
  return {
    id: `${host.entry.name}/prepare`,
    after: [],
    async inspect(signal) {
      await check?.()
      const hosts = (await transport.readFile("/etc/hosts", signal))?.content.toString("utf8")
      last = [{ path: "/etc/hosts", mode: 0o644, seen: hosts, wanted: withPeers(hosts ?? "", inventory, names) }]
      if (registry.ca !== undefined) {
        // The engine reads this folder at each pull; it need not be restarted.
        const path = `/etc/docker/certs.d/${registry.address}/ca.crt`
        const seen = (await transport.readFile(path, signal))?.content.toString("utf8")
        last.push({ path, mode: 0o644, seen, wanted: registry.ca })
      }
      return last
    },
    plan: (files) =>
      files
        .filter(({ seen, wanted }) => seen !== wanted)
        .map(
          ({ path, seen }): Change => ({ action: seen === undefined ? "create" : "update", target: `file ${path}` }),
        ),
    async apply(_changes, signal) {
      for (const { path, mode, seen, wanted } of last) {
        if (seen !== wanted) await transport.writeFile(path, wanted, { mode, signal })
      }
    },
  }
}

const first = "# bifrost-ts: hosts of this site"
const final = "# bifrost-ts: end"

/**
 * The text with our block in it, in its old place or at the end. Other lines are left alone, but for those that give a host's
 * name another address, such as Debian's loopback or one in another network: Erlang would look for itself and its peers there.
 */
export function withPeers(given: string, inventory: Inventory, names: ReadonlyMap<string, string> = new Map()): string {
  const text = given
    .split("\n")
    .filter((line) => !claimsLoopback(line, inventory))
    .flatMap((line) => withoutClaims(line, inventory))
    .join("\n")
  const peers = inventory.hosts.map(({ address, name }) => `${address} ${name}`)
  const entrances = [...names].map(([name, address]) => `${address} ${name}`)
  const block = [first, ...peers, ...entrances, final].join("\n")
  const [start, end] = [text.indexOf(first), text.indexOf(final)]
  if (start >= 0 && end > start) return text.slice(0, start) + block + text.slice(end + final.length)
  return `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${block}\n`
}

/** The text without our block; the loopback name that `withPeers` took out does not come back. */
export function withoutPeers(text: string): string {
  const [start, end] = [text.indexOf(first), text.indexOf(final)]
  return start >= 0 && end > start ? text.slice(0, start) + text.slice(end + final.length).replace(/^\n/, "") : text
}

/** The line without the hosts' names, where it says that they are elsewhere; nothing when it has no other. */
function withoutClaims(line: string, inventory: Inventory): string[] {
  const [address = "", ...names] = line.trim().split(/\s+/)
  const elsewhere = (name: string) =>
    inventory.hosts.some(
      (host) => host.name === name && host.address !== address && isIP(host.address) === isIP(address),
    )
  const rest = names.filter((name) => !elsewhere(name))
  if (rest.length === names.length) return [line]
  return rest.length === 0 ? [] : [`${address} ${rest.join(" ")}`]
}

function claimsLoopback(line: string, inventory: Inventory): boolean {
  const [address = "", ...names] = line.trim().split(/\s+/)
  return address.startsWith("127.") && inventory.hosts.some(({ name }) => names.includes(name))
}
