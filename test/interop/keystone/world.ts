import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import keystone from "../../../services/keystone/service.ts"
import mariadb from "../../../services/mariadb/service.ts"
import memcached from "../../../services/memcached/service.ts"
import { localReference } from "../../../src/build/containers/catalog.ts"
import { contextFrom } from "../../../src/deploy/context.ts"
import { execIn, lastLines } from "../../../src/deploy/engine.ts"
import { settledHealth } from "../../../src/deploy/health.ts"
import { interfacesFrom } from "../../../src/deploy/networks.ts"
import { Placement } from "../../../src/deploy/placement.ts"
import { siteSecrets } from "../../../src/deploy/secrets.ts"
import type { HostFacts, UnitDefinition } from "../../../src/deploy/service.ts"
import { defaultSite } from "../../../src/deploy/site.ts"
import { renderUnit } from "../../../src/deploy/unit.ts"
import { openMemoryStore } from "../../../src/store/open.ts"
import { systemClock as clock } from "../../../src/util/clock.ts"
import { run } from "../../../src/util/run.ts"
import type { Secret } from "../../../src/util/secret.ts"
import { builtImages, docker, freeNetwork } from "../deploy/container-host.ts"

const services = [mariadb, memcached, keystone]

/**
 * MariaDB, Memcached and Keystone from their definitions, in one network namespace and without a host: what a catalog
 * needs, in ten seconds.
 */
export async function startKeystone(name: string) {
  const cleanups: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  }
  try {
    const recipes = await builtImages(services.map((service) => service.name))
    const reference = (image: string) => {
      const { definition, hash } = recipes.find((recipe) => recipe.definition.name === image)!
      return localReference(definition.name, hash)
    }
    const folder = await mkdtemp(join(tmpdir(), "bifrost-keystone-"))
    cleanups.push(() => rm(folder, { recursive: true, force: true }))
    await freeNetwork(name)
    cleanups.push(() => docker.getNetwork(name).remove())
    const holder = await docker.createContainer({
      name,
      Image: reference("memcached"),
      Entrypoint: ["sleep", "infinity"],
      HostConfig: { NetworkMode: name, Init: true },
    })
    cleanups.push(() => holder.remove({ force: true }))
    await holder.start()
    const address = (await holder.inspect()).NetworkSettings.Networks[name]!.IPAddress

    const entry = { name: "host1", address, port: 22, user: "root", hostKey: "", groups: ["control"] }
    const { stdout: links } = await run("docker", ["exec", name, "ip", "-json", "address", "show"])
    const facts: HostFacts = { cpus: 2, memoryMb: 4096, interfaces: interfacesFrom(links) }
    const store = await openMemoryStore()
    cleanups.push(() => store.close())
    const secrets = new Map(await siteSecrets(services, store.secrets, false))
    const placement = new Placement(services, { hosts: [entry] }, defaultSite)
    const context = contextFrom(entry, facts, { placement, site: defaultSite, secrets })
    const containerName = (unit: string) => `${name}-${unit}`

    /** Its files, written as the secrets are now. */
    const rendered = async (definition: UnitDefinition) => {
      const unit = renderUnit(definition, reference(definition.image), context)
      const files = join(folder, unit.name)
      await mkdir(files, { recursive: true })
      for (const { path, content } of unit.files) {
        await writeFile(path.replace(unit.folder, files), content, { mode: 0o600 })
      }
      return { unit, files }
    }
    const start = async (definition: UnitDefinition) => {
      const { unit, files } = await rendered(definition)
      const container = await docker.createContainer({
        ...unit.options,
        name: containerName(unit.name),
        HostConfig: {
          NetworkMode: `container:${holder.id}`,
          Binds: [`${files}/:/var/lib/kolla/config_files/:ro`],
          ...(unit.options.HostConfig?.Ulimits && { Ulimits: unit.options.HostConfig.Ulimits }),
        },
      })
      cleanups.push(() => container.remove({ force: true, v: true }).catch(() => {}))
      await container.start()
      return container
    }
    const healthy = async (unit: string) => {
      const { Id } = await docker.getContainer(containerName(unit)).inspect()
      const outcome = await settledHealth(docker, Id, {
        host: name,
        clock,
        signal: AbortSignal.timeout(120_000),
        timeoutMs: 120_000,
      })
      if (outcome !== "healthy")
        throw new Error(`${unit} is ${outcome}: ${await lastLines(docker, containerName(unit))}`)
    }
    const sql = async (statements: string) => {
      const command = ["mariadb", "--no-defaults", "--user=mysql", "--batch", "--skip-column-names"]
      const signal = AbortSignal.timeout(30_000)
      const done = await execIn(docker, containerName("mariadb"), command, { user: "mysql", input: statements, signal })
      if (done.code !== 0) throw new Error(done.stderr)
      return done.stdout
    }

    for (const { containers } of [mariadb, memcached]) await start(containers[0]!)
    await healthy("mariadb")
    const [database] = keystone.databases!
    await sql(
      `CREATE DATABASE keystone; CREATE USER keystone@'%' IDENTIFIED BY '${secrets.get(database!.password)!.reveal()}';
      GRANT ALL PRIVILEGES ON keystone.* TO keystone@'%';`,
    )
    for (const task of keystone.tasks!) {
      const { StatusCode } = await (await start(task)).wait()
      if (StatusCode !== 0) throw new Error(`${task.name}: ${await lastLines(docker, containerName(task.name))}`)
    }
    await start(keystone.containers[0]!)
    await healthy("keystone")
    return {
      url: `http://${address}:5000`,
      address,
      region: defaultSite.region,
      password: secrets.get("keystone_admin_password") as Secret,
      keystone: docker.getContainer(containerName("keystone")),
      healthy: () => healthy("keystone"),
      store,
      /** What a deploy does once the store's secrets are others. */
      async reconfigure() {
        for (const name of secrets.keys()) secrets.set(name, (await store.secrets.get("site", name))!)
        await rendered(keystone.containers[0]!)
        await docker.getContainer(containerName("keystone")).restart({ t: 10 })
        await healthy("keystone")
      },
      sql,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

export type KeystoneWorld = Awaited<ReturnType<typeof startKeystone>>
