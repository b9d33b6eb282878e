import { hostEngine, hostName } from "../journey/host.ts"
import type { Journey } from "../journey/run.ts"
import { succeeded } from "./command.ts"

/** Containers, their volumes and their files go; images stay. */
export async function wipe(journey: Journey): Promise<void> {
  const engine = await hostEngine(journey)
  const containers = await engine.listContainers({ all: true })
  await Promise.all(containers.map(({ Id }) => engine.getContainer(Id).remove({ force: true, v: true })))
  // What a container mounted below a volume, shared with the host, is still mounted there.
  const left = "awk '$2 ~ \"^/var/lib/docker/volumes/\" { print $2 }' /proc/mounts | xargs --no-run-if-empty umount"
  succeeded(left, await journey.ssh(hostName, `${left}; rm -rf /etc/kolla`))
  const { Volumes } = await engine.listVolumes()
  await Promise.all(Volumes.map(({ Name }) => engine.getVolume(Name).remove()))
}
