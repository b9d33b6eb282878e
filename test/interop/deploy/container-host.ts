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

export interface ContainerHosts {
  readonly inventory: Inventory
  readonly privateKey: Secret
  /** Where services of this machine are reached from the hosts. */
  readonly gateway: string
  /** First three bytes of the hosts' networks, the first that of their addresses: `10.231.17` */
  readonly networks: readonly string[]
  /** The same of IPv6, where hosts have it, with what ends an address to come: `fd00:10:231:17::` */
  readonly ipv6Networks: readonly string[]
  exec(host: string, command: string): Promise<string>
  stop(): Promise<void>
}

export interface ContainerHostsOptions {
  readonly hosts: number
  readonly networks: number
  /** Of their addresses in the inventory; those of the other family are there as well. */
  readonly family?: 4 | 6
}

/** Containers with an engine and sshd of their own, on networks of their own, as provisioned machines would be. */
export async function startContainerHosts(
  name: string,
  { family = 4, ...count }: ContainerHostsOptions,
): Promise<ContainerHosts> {
  const [recipe] = await builtImages(["host"])
  const loginKey = newKeyPair("test")
  const cleanups: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const cleanup of cleanups.toReversed()) await cleanup().catch(() => {})
  }
  const start = async (hostname: string, networks: readonly Network[]) => {
    const folder = await mkdtemp(join(tmpdir(), "bifrost-host-"))
    cleanups.push(() => rm(folder, { recursive: true, force: true }))
    const hostKey = newKeyPair(hostname)
    await writeHostFiles(folder, { hostKey: hostKey.private.reveal(), authorizedKeys: loginKey.public })
    const own = `${name}-${hostname}`
    const container = docker.getContainer(own)
    cleanups.push(() => docker.getVolume(volumeOf(own)).remove())
    cleanups.push(() => container.remove({ force: true, v: true }))
    const [first, ...others] = networks
    const options = { name: own, hostname, image: recipe!.reference, folder, network: first!.name }
    await docker.createContainer(hostContainerOptions(options))
    for (const other of others) await docker.getNetwork(other.name).connect({ Container: own })
    await container.start()
    await hostUp(container, systemClock)
    const { IPAddress, GlobalIPv6Address } = (await container.inspect()).NetworkSettings.Networks[first!.name]!
    const address = family === 6 ? GlobalIPv6Address : IPAddress
    return { name: hostname, address, port: 22, user: "root", hostKey: hostKey.public, groups: ["control"] }
  }
  try {
    const networks: Network[] = []
    for (let index = 1; index <= count.networks; index++) {
      const network = await freeNetwork(`${name}-${index}`, family === 6)
      networks.push(network)
      cleanups.push(() => docker.getNetwork(network.name).remove())
    }
    const names = Array.from({ length: count.hosts }, (_, index) => `host${index + 1}`)
    const hosts = await Promise.all(names.map((hostname) => start(hostname, networks)))
    const exec = async (host: string, command: string) =>
      (await run("docker", ["exec", `${name}-${host}`, "sh", "-c", command])).stdout
    return {
      inventory: { hosts },
      privateKey: loginKey.private,
      gateway: `${networks[0]!.prefix}.1`,
      networks: networks.map(({ prefix }) => prefix),
      ipv6Networks: networks.map(({ prefix }) => ipv6Prefix(prefix)),
      exec,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

interface Network {
  readonly name: string
  readonly prefix: string
}

const ipv6Prefix = (prefix: string) => `fd00:${prefix.replaceAll(".", ":")}::`

/** A network that overlaps no other of the engine's, so that several tests can have hosts at once. */
export async function freeNetwork(name: string, ipv6 = false): Promise<Network> {
  for (let third = 17; ; third++) {
    const prefix = `10.231.${third}`
    try {
      const subnets = [`${prefix}.0/24`, ...(ipv6 ? [`${ipv6Prefix(prefix)}/64`] : [])]
      const Config = subnets.map((Subnet) => ({ Subnet }))
      await docker.createNetwork({ Name: name, EnableIPv6: ipv6, IPAM: { Config } })
      return { name, prefix }
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
