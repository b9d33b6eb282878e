import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { ImageRecipe } from "../../../src/build/containers/catalog.ts"
import { pushImages } from "../../../src/build/containers/push.ts"
import { parseLock } from "../../../src/deploy/lock.ts"
import { type DeployRequest, type DeployResult, deployRun, planDeploy } from "../../../src/deploy/run.ts"
import type { ServiceDefinition } from "../../../src/deploy/service.ts"
import { resolveSite, type SiteFile } from "../../../src/deploy/site.ts"
import { imagesOf } from "../../../src/deploy/wanted.ts"
import { siteCertificates } from "../../../src/service/certificates.ts"
import { siteAuthority } from "../../../src/service/pki.ts"
import { startRegistry } from "../../../src/service/registry.ts"
import { openStore } from "../../../src/store/open.ts"
import type { Store } from "../../../src/store/port.ts"
import { systemClock as clock } from "../../../src/util/clock.ts"
import { inState, type Paths, pathsFrom } from "../../../src/util/paths.ts"
import { run } from "../../../src/util/run.ts"
import { builtImages, docker, relay, startContainerHosts } from "./container-host.ts"
import { services as keystoneAlone } from "./services.ts"

const registryPort = 5000

export interface SiteOptions {
  readonly services?: readonly ServiceDefinition[]
  readonly hosts?: number
  readonly networks?: number
  /** Of the hosts' addresses: IPv4 unless given. */
  readonly family?: 4 | 6
  /** What the site file says, given the first three bytes of each network, or how it begins in IPv6. */
  readonly file?: (networks: readonly string[], ipv6Networks: readonly string[]) => SiteFile
}

/** Hosts in containers, a registry with all images, a store: what a deployment needs, and nothing pretended. */
export async function startSite(name: string, options: SiteOptions = {}) {
  const { services = keystoneAlone, file = () => ({}) } = options
  const cleanups: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const cleanup of cleanups.reverse()) await cleanup()
  }
  try {
    const state = await mkdtemp(join(tmpdir(), "bifrost-site-"))
    cleanups.push(() => rm(state, { recursive: true, force: true }))
    const paths: Paths = { state, cache: join(state, "cache") }
    await keepLayers(inState.registry(paths))
    const store: Store = await openStore(paths, { clock })
    cleanups.push(() => store.close())
    const { hosts: count = 1, networks = 1, family = 4 } = options
    const hosts = await startContainerHosts(name, { hosts: count, networks, family })
    cleanups.push(() => hosts.stop())
    const config = resolveSite(file(hosts.networks, hosts.ipv6Networks))
    const authority = await siteAuthority(store, clock)
    const startOwnRegistry = () =>
      startRegistry({ paths, clock, authority, address: hosts.gateway, port: registryPort, log: () => {} })
    let registry = await startOwnRegistry()
    cleanups.push(() => registry.stop())
    const { port, server } = await relay(inState.registrySocket(paths))
    cleanups.push(() => new Promise((resolve) => server.close(resolve)))
    const recipes = await builtImages(imagesOf(services, config))
    const lockFile = join(state, "images.lock")
    const push = (images: readonly ImageRecipe[]) => pushImages(images, { docker, registry: `127.0.0.1:${port}` })
    const pushed = await retry(() => push(recipes))
    await writeFile(lockFile, JSON.stringify(pushed))
    const lock = parseLock(await readFile(lockFile, "utf8"))
    const certificates = await siteCertificates({ store, clock, authority, site: config, given: new Map() })
    const request: Omit<DeployRequest, "signal"> = {
      inventory: hosts.inventory,
      services,
      site: config,
      certificates,
      secrets: store.secrets,
      privateKey: hosts.privateKey,
      registry: { address: `${hosts.gateway}:${registryPort}`, ca: authority.certificate },
      lock,
      accessFolder: join(state, "access"),
      clock,
    }
    const withoutRegistry = async <T>(work: () => Promise<T>): Promise<T> => {
      await registry.stop()
      try {
        return await work()
      } finally {
        registry = await startOwnRegistry()
      }
    }
    const [first] = hosts.inventory.hosts
    const host = { ...hosts, address: first!.address, exec: (command: string) => hosts.exec(first!.name, command) }
    return { hosts, host, store, paths, request, recipes, push, withoutRegistry, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * What one run pushed is there for the next: a push then sends only new layers. All that a test relies on is named by digest,
 * so runs cannot disturb each other.
 */
export async function keepLayers(storage: string): Promise<void> {
  const kept = join(pathsFrom(process.env).cache, "registry")
  await mkdir(kept, { recursive: true })
  await symlink(kept, storage)
}

export type TestSite = Awaited<ReturnType<typeof startSite>>

/** The registry listens a moment after its process began. */
async function retry<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt === 10) throw error
      await clock.sleep(500)
    }
  }
}

const patienceMs = 5 * 60_000

/** The verbs of one site; it is asked for with each call, as hooks start it after a file has been read. */
export function verbsOf(site: () => TestSite) {
  const signal = () => AbortSignal.timeout(patienceMs)
  return {
    signal,
    deploy: (more: Partial<DeployRequest> = {}) => deployRun({ ...site().request, signal: signal(), ...more }),
    plan: (more: Partial<DeployRequest> = {}) => planDeploy({ ...site().request, signal: signal(), ...more }),
  }
}

/** Debian's own client, as the site's administrator by what the deployment left for people; what it printed, trimmed. */
export function clientOf(site: () => TestSite) {
  return async (...args: string[]): Promise<string> => {
    const clouds = join(site().request.accessFolder, "clouds.yaml")
    const env = { ...process.env, OS_CLIENT_CONFIG_FILE: clouds, OS_CLOUD: "bifrost" }
    return (await run("openstack", args, { env })).stdout.trim()
  }
}

export const changes = ({ planned }: DeployResult) => planned.map(({ action, target }) => `${action} ${target}`)
