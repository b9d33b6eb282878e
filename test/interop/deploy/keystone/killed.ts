import { spawn } from "node:child_process"
import { once } from "node:events"
import { rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { execIn } from "../../../../src/deploy/engine.ts"
import { runJournal } from "../../../../src/deploy/journal.ts"
import type { SiteConfig } from "../../../../src/deploy/site.ts"
import { deploy, host, openstack, plan, signal, site } from "./world.ts"

const minutes = 60_000

/** The deployer dies; nothing is lost, and the same run goes on. */
export function killed(): void {
  describe("kill -9 of the deployer", () => {
    let wanted: Awaited<ReturnType<typeof endState>>
    beforeAll(async () => {
      wanted = await endState()
      await wipe()
    })
    afterAll(() => rm(requestFile(), { force: true }))

    it(
      "at any step, then the same run again, comes to the same end",
      async () => {
        await ask("laid-down", site.request.site)
        const steps = new Set((await plan()).planned.map(({ step }) => step))
        const kinds = new Set([...steps].map(kindOf))
        expect([...kinds].toSorted()).toEqual(
          ["access", "catalog", "container", "database", "identity", "prepare", "pull", "task"].toSorted(),
        )
        // Each process goes on where the one before it was killed; one run from a bare engine to the end.
        for (const left = new Set(steps); left.size > 0; ) {
          const died = await diedAt(Object.fromEntries([...left].map((step) => [step, delays[kindOf(step)] ?? 0])))
          expect(died, `came to the end without ${[...left].join(", ")}`).not.toEqual([])
          for (const step of died) left.delete(step)
        }
        const journal = runJournal(site.store.journal, "laid-down")
        expect(await journal.cutOff()).not.toEqual(new Set())
        expect((await deploy({ journal })).failed).toEqual([])
        expect(await journal.cutOff()).toEqual(new Set())
        expect(await endState()).toEqual(wanted)
        expect((await plan()).planned).toEqual([])
        expect(await openstack("token", "issue", "-f", "value", "-c", "id")).toMatch(/^gAAAA/)
      },
      10 * minutes,
    )

    it("at any moment of a container's replacement, then again, comes to the same end", async () => {
      const changed = { ...site.request.site, debug: true }
      await ask("replaced", changed)
      // While its files are copied aside, while it ends, when it has another name, while its successor starts.
      const step = "host1/container/keystone"
      for (const delay of [0, 250, 700, 2000]) expect(await diedAt({ [step]: delay })).toEqual([step])
      const journal = runJournal(site.store.journal, "replaced")
      expect((await deploy({ site: changed, journal })).failed).toEqual([])
      expect((await plan({ site: changed })).planned).toEqual([])
      expect((await deploy()).failed).toEqual([])
      expect(await endState()).toEqual(wanted)
    })
  })
}

const requestFile = () => join(site.paths.state, "child.json")

/** What deployers in processes of their own are to do, as one run. */
async function ask(name: string, config: SiteConfig): Promise<void> {
  const { clock: _clock, services: _services, secrets: _secrets, privateKey, ...rest } = site.request
  const request = { ...rest, site: config, paths: site.paths, key: privateKey.reveal(), run: name }
  await writeFile(requestFile(), JSON.stringify(request), { mode: 0o600 })
}

/** `host1/pull/memcached` → `pull`. */
const kindOf = (step: string) => step.split("/")[1]!

/** Milliseconds of work before the process dies: in the midst of what takes a while, else as it begins. */
const delays: Readonly<Record<string, number>> = { pull: 150, container: 300, task: 150, identity: 20 }

/** Has a process deploy that kills itself at one of these steps, so many milliseconds after it began; the steps that it was at. */
async function diedAt(deaths: Readonly<Record<string, number>>): Promise<string[]> {
  const program = new URL("../child.ts", import.meta.url).pathname
  const args = ["--disable-warning=ExperimentalWarning", program, requestFile(), JSON.stringify(deaths)]
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
  const [said, [code, killed]] = await Promise.all([text(child.stdout), once(child, "close")])
  expect([code, killed]).toBeOneOf([
    [null, "SIGKILL"],
    [3, null],
  ])
  return said.split("\n").filter(Boolean)
}

/** What Keystone has been told, and who may come into the database: each line a fact without an id of chance. */
const told = `
SELECT 'endpoint', type, interface, url FROM keystone.endpoint JOIN keystone.service ON service.id = service_id;
SELECT 'project', name FROM keystone.project;
SELECT 'role', name FROM keystone.role;
SELECT 'region', id FROM keystone.region;
SELECT 'user', name FROM keystone.local_user;
SELECT 'assignment', COUNT(*) FROM keystone.assignment;
SELECT 'account', host, user, priv FROM mysql.global_priv;
SELECT 'grant', host, user, db FROM mysql.db;`

/** Everything that lasts and is not a clock: containers by what they were made from, all files, and what databases tell. */
async function endState() {
  const containers = await host.engine.listContainers({ all: true })
  const files = await site.host.exec("cd /etc/kolla && find . -type f -exec sha256sum {} + | sort")
  const labelled = containers.map(({ Names, State, Labels }) => ({
    name: Names[0],
    state: State,
    image: Labels["io.bifrost-ts.image"],
    config: Labels["io.bifrost-ts.config"],
  }))
  const client = ["mariadb", "--no-defaults", "--user=mysql", "--batch", "--skip-column-names"]
  const { stdout } = await execIn(host.engine, "mariadb", client, { user: "mysql", input: told, signal: signal() })
  expect(stdout).toContain("endpoint\tidentity")
  // When a password was set is a clock.
  const facts = stdout
    .replaceAll(/"password_last_changed":\d+/g, "")
    .split("\n")
    .toSorted()
  return { files, facts, containers: labelled.sort((a, b) => String(a.name).localeCompare(String(b.name))) }
}

/** Back to a bare engine that has most images. */
async function wipe() {
  for (const { Id } of await host.engine.listContainers({ all: true })) {
    await host.engine.getContainer(Id).remove({ force: true })
  }
  for (const volume of ["mariadb", "rabbitmq"]) await host.engine.getVolume(volume).remove()
  const images = await host.engine.listImages({ digests: true })
  const memcached = images.find(({ RepoDigests }) => RepoDigests?.some((name) => name.includes("/memcached@")))
  await host.engine.getImage(memcached!.Id).remove({ force: true })
  await site.host.exec("rm -rf /etc/kolla /etc/docker/certs.d")
  await rm(site.request.accessFolder, { recursive: true })
}
