import { chown, mkdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { systemClock } from "../util/clock.ts"
import { BifrostError } from "../util/errors.ts"
import { inState, type Paths } from "../util/paths.ts"
import { connect, requireImage } from "./engine.ts"
import { provisionerErrors } from "./errors.ts"
import { answersOnSocket, withRegistryRelay } from "./registry-relay.ts"
import { serviceUser } from "./spec.ts"

const startDeadline = 30_000

/**
 * Runs a registry over the storage of a state directory in which no service runs, from the provisioner's image, while `use`
 * pushes to it: for a directory that is then carried to another machine.
 */
export async function withRegistry<T>(target: Paths, image: string, use: (registry: string) => Promise<T>): Promise<T> {
  const engine = await connect()
  await requireImage(engine, image)
  const storage = inState.registry(target)
  const socket = inState.registrySocket(target)
  const run = join(target.state, "run")
  for (const folder of [storage, run]) {
    await mkdir(folder, { recursive: true })
    await chown(folder, serviceUser, serviceUser)
  }
  const config = join(run, "registry.yml")
  await writeFile(config, JSON.stringify(configOf(storage, socket)))
  const container = await engine.createContainer({
    Image: image,
    Cmd: ["docker-registry", "serve", config],
    User: String(serviceUser),
    HostConfig: {
      NetworkMode: "none",
      CapDrop: ["ALL"],
      ReadonlyRootfs: true,
      SecurityOpt: ["no-new-privileges"],
      Binds: [`${storage}:${storage}`, `${run}:${run}`],
      Init: true,
    },
  })
  try {
    await container.start()
    const deadline = systemClock.now() + startDeadline
    while (!(await answersOnSocket(socket))) {
      if (systemClock.now() > deadline || !(await container.inspect()).State.Running) {
        const detail = (await container.logs({ stdout: true, stderr: true, tail: 5 })).toString()
        throw new BifrostError(provisionerErrors.REGISTRY_SILENT, { detail })
      }
      await systemClock.sleep(100)
    }
    return await withRegistryRelay(target, use)
  } finally {
    await container.remove({ force: true, v: true })
    await rm(run, { recursive: true, force: true })
  }
}

function configOf(rootdirectory: string, socket: string) {
  return {
    version: "0.1",
    log: { level: "warn", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory } },
    http: { net: "unix", addr: socket },
  }
}
