import { mkdtemp, rm } from "node:fs/promises"
import { createServer, type Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import Docker from "dockerode"
import { buildImages, requireBuilt } from "../../../src/build/containers/build.ts"
import { type ImageRecipe, loadImages } from "../../../src/build/containers/catalog.ts"
import { selectImages } from "../../../src/build/containers/select.ts"
import type { Inventory } from "../../../src/deploy/inventory.ts"
import { hostContainerOptions, hostUp, volumeOf, writeHostFiles } from "../../../src/lab/host-container.ts"
import { newKeyPair } from "../../../src/transport/key-pair.ts"
import { systemClock } from "../../../src/util/clock.ts"
import { run } from "../../../src/util/run.ts"
import type { Secret } from "../../../src/util/secret.ts"

export const docker = new Docker()
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
  const [hostKey, loginKey] = [newKeyPair("host1"), newKeyPair("test")]
  await writeHostFiles(folder, { hostKey: hostKey.private.reveal(), authorizedKeys: loginKey.public })
  const network = await freeNetwork(name)
  const container = docker.getContainer(name)
  const stop = async () => {
    await container.remove({ force: true, v: true }).catch(() => {})
    await docker
      .getVolume(volumeOf(name))
      .remove()
      .catch(() => {})
    await network.remove().catch(() => {})
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const image = recipe!.reference
    await docker.createContainer(hostContainerOptions({ name, hostname: "host1", image, folder, network: name }))
    await container.start()
    await hostUp(container, systemClock)
    const { Id: id, NetworkSettings } = await container.inspect()
    const { IPAddress: address, Gateway: gateway } = NetworkSettings.Networks[name]!
    const about = { name: "host1", address, port: 22, user: "root", hostKey: hostKey.public, groups: ["control"] }
    const exec = async (command: string) => (await run("docker", ["exec", name, "sh", "-c", command])).stdout
    return { inventory: { hosts: [about] }, privateKey: loginKey.private, address, gateway, id, exec, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A network that overlaps no other of the engine's, so that several tests can have hosts at once. */
async function freeNetwork(name: string): Promise<Docker.Network> {
  for (let third = 17; ; third++) {
    const Config = [{ Subnet: `10.231.${third}.0/24` }]
    try {
      return await docker.createNetwork({ Name: name, IPAM: { Config } })
    } catch (error) {
      if (third === 60 || !/overlaps/i.test(String(error))) throw error
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
