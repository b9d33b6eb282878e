import type Docker from "dockerode"
import { systemClock } from "../util/clock.ts"
import { ensureRunning, labelsOf, requireEngine } from "./containers.ts"
import { hostContainerOptions, hostUp, writeHostFiles } from "./host-container.ts"
import type { HostLayout, LabLayout } from "./layout.ts"
import { plug } from "./namespace.ts"
import { external, type HostSpec, type LabSpec, network } from "./spec.ts"

/** What a host is made with that the lab does not know by itself. */
export interface HostNeeds {
  /** Reference of the image `host` in the local engine. */
  readonly image: string
  /** Whom hosts let in: the site's public key, one line. */
  readonly authorizedKey: string
}

/** Makes the lab's hosts, or what is missing of them. Returns what was made, one line each. */
export async function ensureHosts(
  spec: LabSpec,
  layout: LabLayout,
  needs: HostNeeds,
  options: { readonly kvm: boolean; readonly signal?: AbortSignal },
): Promise<string[]> {
  const docker = await requireEngine()
  // One after the other until they run; what takes long, their engines' start, goes on at the same time.
  const made: string[] = []
  for (const host of spec.hosts) {
    options.signal?.throwIfAborted()
    made.push(...(await ensureHost(docker, spec.name, host, layout.host(host.name), needs, options.kvm)))
  }
  const containers = spec.hosts.map(({ name }) => docker.getContainer(layout.host(name).container))
  await Promise.all(containers.map((container) => hostUp(container, systemClock, options.signal)))
  return made
}

async function ensureHost(
  docker: Docker,
  lab: string,
  host: HostSpec,
  { container: name, dir }: HostLayout,
  { image, authorizedKey }: HostNeeds,
  kvm: boolean,
): Promise<string[]> {
  await writeHostFiles(dir, { hostKey: host.sshHostKey.private, authorizedKeys: authorizedKey })
  const where = { name, hostname: host.name, image, folder: dir, network: "none", address: host.ip }
  const options = { ...where, labels: labelsOf(lab), ...(kvm && { devices: ["/dev/kvm"] }) }
  const { before, pid } = await ensureRunning(docker, host.name, hostContainerOptions(options))
  const address = `${host.ip}/${network.prefix}`
  await plug(lab, pid, { port: `veth${pid}`, bridge: network.bridge, inside: "eth0", mac: host.mac, address })
  await plug(lab, pid, { port: `vext${pid}`, bridge: external.bridge, inside: "eth1" })
  const how = before === "absent" ? "a container with an engine" : "started again"
  return before === "running" ? [] : [`${host.name}: ${how}, ${host.ip}`]
}

/** argv of a shell on a host that needs neither its network nor its sshd: what a console is to a machine. */
export const hostShell = (pid: number) => [
  ...["nsenter", `--target=${pid}`, "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd", "--"],
  ...["env", "-i", `TERM=${process.env["TERM"] ?? "linux"}`, "HOME=/root", "USER=root"],
  ...["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "bash", "-l"],
]
