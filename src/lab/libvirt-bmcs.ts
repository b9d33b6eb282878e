import { randomBytes } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { IpmiServer } from "../ipmi/server/server.ts"
import { systemClock } from "../util/clock.ts"
import { run } from "../util/run.ts"
import { Secret } from "../util/secret.ts"
import { acpiSensor } from "./acpi-sensor.ts"
import { hostsCsv } from "./hosts-csv.ts"
import { LibvirtChassis, libvirtConsole } from "./libvirt-chassis.ts"
import { network } from "./spec.ts"

export interface LibvirtBmcOptions {
  readonly uri: string
  /** libvirt's names of the domains; the first is the control plane. */
  readonly domains: readonly string[]
  /** The host's address on the machines' network: all BMCs share it, each on a port of its own. */
  readonly address: string
  readonly firstPort: number
  /** Passwords, boot flags and hosts.csv are kept here. */
  readonly dir: string
}

/** BMCs for machines that libvirt runs, e.g. those of the Vagrantfile. Needs no root: no port below 1024 is used. */
export async function serveLibvirtBmcs(options: LibvirtBmcOptions) {
  const { uri, dir, address } = options
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const passwords = passwordsIn(join(dir, "passwords.json"), options.domains)
  const virsh = async (...words: string[]) => (await run("virsh", ["--quiet", "--connect", uri, ...words])).stdout
  const machines = await Promise.all(
    options.domains.map(async (domain, index) => ({
      name: `node${index + 1}`,
      domain,
      uuid: (await virsh("domuuid", domain)).trim(),
      // "vnet0 network prov virtio 52:54:00:…": the last column of the first card.
      mac: (await virsh("domiflist", domain)).trim().split("\n")[0]?.trim().split(/\s+/).at(-1) ?? "",
      ip: network.machine(index),
      bmc: { address, port: options.firstPort + index, user: "admin", password: passwords[domain]! },
    })),
  )
  const hosts = join(dir, "hosts.csv")
  writeFileSync(hosts, hostsCsv({ machines }), { mode: 0o600 })
  const servers = machines.map(({ domain, uuid, bmc }) => {
    const bmcState = join(dir, `${domain}.json`)
    const chassis = new LibvirtChassis({ domain, uri, bmcState, clock: systemClock })
    return new IpmiServer({
      address: bmc.address,
      port: bmc.port,
      users: [{ name: bmc.user, password: new Secret(bmc.password), privilege: "administrator" }],
      chassis,
      sol: libvirtConsole({ domain, uri }),
      identity: { guid: uuid, manufacturer: "bifrost-ts", product: "libvirt", serial: uuid.slice(0, 8) },
      sensors: [acpiSensor(chassis)],
    })
  })
  const listening = await Promise.all(servers.map((server) => server.listen()))
  return {
    hosts,
    listening,
    close: () => Promise.all(servers.map((server) => server.close())),
  }
}

/** Drawn once for each domain. */
function passwordsIn(file: string, domains: readonly string[]): Record<string, string> {
  const known: Record<string, string> = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {}
  for (const domain of domains) known[domain] ??= randomBytes(12).toString("base64url")
  writeFileSync(file, JSON.stringify(known), { mode: 0o600 })
  return known
}
