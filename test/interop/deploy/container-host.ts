import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { createServer, type Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import Docker from "dockerode"
import { buildImages, requireBuilt } from "../../../src/build/containers/build.ts"
import { type ImageRecipe, loadImages, localReference } from "../../../src/build/containers/catalog.ts"
import { selectImages } from "../../../src/build/containers/select.ts"
import type { Inventory } from "../../../src/deploy/inventory.ts"
import { systemClock } from "../../../src/util/clock.ts"
import { run } from "../../../src/util/run.ts"
import { Secret } from "../../../src/util/secret.ts"

export const docker = new Docker()
/** Away from the lab's network and from the engine's own choices. */
const subnet = "10.231.17.0/24"
const images = new URL("../../../images", import.meta.url).pathname

export async function builtImages(names: readonly string[]): Promise<ImageRecipe[]> {
  const recipes = selectImages(await loadImages(images), names)
  requireBuilt(await buildImages(recipes, { docker, clock: systemClock }))
  return recipes.filter(({ definition }) => names.includes(definition.name))
}

export interface ContainerHost {
  readonly inventory: Inventory
  readonly privateKey: Secret
  readonly address: string
  /** Where services of this machine are reached from the host. */
  readonly gateway: string
  readonly id: string
  exec(command: string): Promise<string>
  stop(): Promise<void>
}

/** A container with an engine and sshd of its own, on a network of its own, as a provisioned machine would be. */
export async function startContainerHost(name: string): Promise<ContainerHost> {
  const [recipe] = await builtImages(["host"])
  const folder = await mkdtemp(join(tmpdir(), "bifrost-host-"))
  const hostKey = await makeKey(join(folder, "ssh_host_ed25519_key"))
  const loginKey = await makeKey(join(folder, "login"))
  await writeFile(join(folder, "authorized_keys"), loginKey.publicKey)
  const network = await docker.createNetwork({ Name: name, IPAM: { Config: [{ Subnet: subnet }] } })
  const stop = async () => {
    await docker
      .getContainer(name)
      .remove({ force: true, v: true })
      .catch(() => {})
    await network.remove().catch(() => {})
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const container = await docker.createContainer({
      name,
      Hostname: "host1",
      Image: localReference("host", recipe!.hash),
      HostConfig: {
        NetworkMode: name,
        Binds: [`${folder}:/host:ro`],
        CapAdd: ["ALL"],
        // Without --privileged: an engine inside needs mounts, cgroups and netfilter, not the machine's own resources.
        CapDrop: ["SYS_RESOURCE"],
        SecurityOpt: ["seccomp=unconfined", "apparmor=unconfined"],
        MaskedPaths: [],
        ReadonlyPaths: [],
        DeviceCgroupRules: ["a *:* rwm"],
      },
    })
    await container.start()
    const seen = (await container.inspect()).NetworkSettings.Networks[name]!
    const exec = async (command: string) => (await run("docker", ["exec", name, "sh", "-c", command])).stdout
    await until(() => exec("test -S /var/run/docker.sock && test -s /run/sshd.pid"))
    const hosts = [
      {
        name: "host1",
        address: seen.IPAddress,
        port: 22,
        user: "root",
        hostKey: hostKey.publicKey,
        groups: ["control"],
      },
    ]
    const { privateKey } = loginKey
    return {
      inventory: { hosts },
      privateKey,
      address: seen.IPAddress,
      gateway: seen.Gateway,
      id: container.id,
      exec,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function makeKey(file: string) {
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", file])
  const [privateKey, publicKey] = await Promise.all([run("cat", [file]), run("cat", [`${file}.pub`])])
  return { privateKey: new Secret(privateKey.stdout), publicKey: publicKey.stdout.trim() }
}

async function until(check: () => Promise<unknown>, tries = 120): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await check()
      return
    } catch (error) {
      if (attempt === tries) throw error
      await systemClock.sleep(500)
    }
  }
}

/** A port on 127.0.0.1 that leads to a unix socket, for an engine that pushes. */
export function relay(socket: string): Promise<{ port: number; server: Server }> {
  return new Promise((resolve, reject) => {
    const server = createServer(async (client) => {
      const { connect } = await import("node:net")
      const upstream = connect(socket)
      client.pipe(upstream).pipe(client)
      for (const side of [client, upstream]) side.on("error", () => [client, upstream].map((each) => each.destroy()))
    })
    server.on("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resolve({ port: typeof address === "object" && address ? address.port : 0, server })
    })
  })
}
