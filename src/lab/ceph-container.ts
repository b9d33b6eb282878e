import { mkdir, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { systemClock } from "../util/clock.ts"
import { type CephSpec, clusterFiles, siteFiles } from "./ceph.ts"
import { containerUp, ensureRunning, labelsOf, requireEngine } from "./containers.ts"
import type { CephLayout } from "./layout.ts"
import { plug } from "./namespace.ts"
import { network } from "./spec.ts"

/** Makes the lab's Ceph cluster, or starts it again. Returns what was made, a line; resolves once its pools can be used. */
export async function ensureCeph(
  lab: string,
  spec: CephSpec,
  { container: name, cluster, config }: CephLayout,
  image: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const docker = await requireEngine()
  await writeFiles(cluster, clusterFiles(spec))
  await writeFiles(config, siteFiles(spec))
  const { before, pid } = await ensureRunning(docker, "ceph", {
    name,
    Hostname: "ceph",
    Image: image,
    Labels: labelsOf(lab),
    // /run is emptied by each start, as a machine's: what told that the cluster was ready must not outlive it.
    HostConfig: { NetworkMode: "none", Binds: [`${cluster}:/ceph:ro`], Tmpfs: { "/run": "mode=755" } },
  })
  const address = `${spec.ip}/${network.prefix}`
  await plug(lab, pid, { port: `veth${pid}`, bridge: network.bridge, inside: "eth0", address })
  await containerUp(docker.getContainer(name), ["/run/ceph/ready"], systemClock, signal)
  const how = before === "absent" ? "a cluster in a container" : "started again"
  return before === "running" ? [] : [`ceph: ${how}, ${spec.ip}`]
}

async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path)
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await writeFile(file, text, { mode: 0o600 })
  }
}
