import type { Change, Step } from "../../graph/step.ts"
import { orAbsent, removeContainer } from "../engine.ts"
import type { DeployHost } from "../host.ts"
import { withoutPeers } from "../prepare-step.ts"
import { besides, oldName } from "../replace.ts"
import { isOurs } from "../survey.ts"
import type { LifecycleStepOptions } from "./stop-step.ts"

/** A container of ours that should not be there, nor those kept beside it, nor the files that it read. */
export function removeStep({ id, after, host, name }: LifecycleStepOptions): Step<readonly string[]> {
  const { transport } = host
  const names = besides(name)
  const folders = [`/etc/kolla/${name}`, `/etc/kolla/${oldName(name)}`]
  return {
    id,
    after,
    async inspect() {
      const { containers, folders: has } = await host.survey()
      const there = names.filter((each) => containers.has(each))
      // Someone else's container of this name keeps its files.
      if (there.some((each) => !isOurs(containers.get(each)))) return []
      return [
        ...there.map((each) => `container ${each}`),
        ...folders.filter((each) => has.has(each)).map((each) => `folder ${each}`),
      ]
    },
    plan: (targets) => targets.map((target): Change => ({ action: "remove", target })),
    async apply(changes, signal) {
      for (const { target } of changes) {
        const [kind, what = ""] = target.split(" ")
        if (kind === "container") await removeContainer(transport.engine, what, 60)
        else await transport.exec(["rm", "-rf", what], { signal })
      }
      host.touched()
    },
  }
}

/** Unmounts, deepest first, what is mounted below the directory that is its argument. */
const unmountBelow = `awk -v below="$1/" 'index($2, below) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount`

/**
 * A volume with all that a service ever kept in it. What a container had mounted inside it and shared with its host, such as
 * NFS shares, is still mounted when the container is gone: it is another's, and must not be emptied with the volume.
 */
export function removeVolumeStep({ id, after, host, name }: LifecycleStepOptions): Step<boolean> {
  const { transport } = host
  return {
    id,
    after,
    inspect: async () => (await host.survey()).volumes.has(name),
    plan: (there) => (there ? [{ action: "remove", target: `volume ${name}`, reason: "with its data" }] : []),
    async apply(_changes, signal) {
      const volume = transport.engine.getVolume(name)
      const found = await orAbsent(volume.inspect())
      if (found) await transport.exec(["sh", "-c", unmountBelow, "sh", found.Mountpoint], { signal })
      await orAbsent(volume.remove())
      host.touched()
    },
  }
}

/** The host as it was before it was prepared: without the names of its peers and trust in the registry. */
export function unprepareStep(host: DeployHost, after: readonly string[], registry: string): Step<readonly string[]> {
  const { transport } = host
  const trust = `/etc/docker/certs.d/${registry}`
  return {
    id: `${host.entry.name}/prepare`,
    after,
    async inspect(signal) {
      const hosts = (await transport.readFile("/etc/hosts", signal))?.content.toString("utf8") ?? ""
      const trusts = (await transport.list(trust, signal)).length > 0
      return [...(withoutPeers(hosts) === hosts ? [] : ["hosts"]), ...(trusts ? ["trust"] : [])]
    },
    plan: (left) =>
      left.map((what) =>
        what === "hosts"
          ? { action: "update", target: "file /etc/hosts", reason: "names of the site's hosts" }
          : { action: "remove", target: `folder ${trust}` },
      ),
    async apply(_changes, signal) {
      const hosts = (await transport.readFile("/etc/hosts", signal))?.content.toString("utf8") ?? ""
      await transport.writeFile("/etc/hosts", withoutPeers(hosts), { mode: 0o644, signal })
      await transport.exec(["rm", "-rf", trust], { signal })
    },
  }
}
