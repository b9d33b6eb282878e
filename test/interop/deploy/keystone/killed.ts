import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { runJournal } from "../../../../src/deploy/journal.ts"
import { run } from "../../../../src/util/run.ts"
import { deploy, host, openstack, plan, site } from "./world.ts"

/** The deployer dies; nothing is lost, and the same run goes on. */
export function killed(): void {
  describe("kill -9 of the deployer", () => {
    it(
      "at any step, then the same run again, comes to the same end",
      async () => {
        const wanted = await endState()
        const file = join(site.paths.state, "child.json")
        const { clock: _clock, services: _services, secrets: _secrets, privateKey, ...rest } = site.request
        const steps = [
          "host1/prepare",
          "host1/pull/memcached",
          "host1/container/mariadb",
          "host1/database/keystone",
          "host1/task/bootstrap_keystone",
          "host1/task/bootstrap_keystone_admin",
          "host1/container/keystone",
          "site/access",
        ]
        // What runs beside others is killed at once: a moment later one of those might be done, and could not be killed itself.
        const beside = new Set(["host1/task/bootstrap_keystone_admin", "site/access"])
        await wipe()
        // Each process goes on where the one before it was killed; one run from a bare engine to the end.
        await writeFile(file, JSON.stringify({ ...rest, paths: site.paths, key: privateKey.reveal(), run: "killed" }), {
          mode: 0o600,
        })
        for (const [index, victim] of steps.entries()) {
          const child = ["--disable-warning=ExperimentalWarning", new URL("../child.ts", import.meta.url).pathname]
          const ended = await run(process.execPath, [
            ...child,
            file,
            victim,
            String(beside.has(victim) ? 0 : (index % 3) * 150),
          ]).catch(String)
          expect(`${victim}: ${ended}`).toContain("SIGKILL")
        }
        const journal = runJournal(site.store.journal, "killed")
        expect(await journal.cutOff()).toContain("site/access")
        const result = await deploy({ journal })
        expect(result.failed).toEqual([])
        expect(await journal.cutOff()).toEqual(new Set())
        expect(await endState()).toEqual(wanted)
        expect((await plan()).planned).toEqual([])
        expect(await openstack("token", "issue", "-f", "value", "-c", "id")).toMatch(/^gAAAA/)
      },
      10 * 60_000,
    )
  })
}

/** Everything that lasts on the host and is not a clock: containers by what they were made from, and all files. */
async function endState() {
  const containers = await host.engine.listContainers({ all: true })
  const files = await site.host.exec("cd /etc/kolla && find . -type f -exec sha256sum {} + | sort")
  const labelled = containers.map(({ Names, State, Labels }) => ({
    name: Names[0],
    state: State,
    image: Labels["io.bifrost-ts.image"],
    config: Labels["io.bifrost-ts.config"],
  }))
  return { files, containers: labelled.sort((a, b) => String(a.name).localeCompare(String(b.name))) }
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
  await run("rm", ["-r", site.request.accessFolder])
}
