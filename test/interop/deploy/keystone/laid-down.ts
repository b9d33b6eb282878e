import { stat } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { systemClock as clock } from "../../../../src/util/clock.ts"
import { run } from "../../../../src/util/run.ts"
import { eventsSince } from "../events.ts"
import { changes } from "../site.ts"
import { deploy, host, openstack, plan, site } from "./world.ts"

/** How often somebody logged in to the host by SSH. */
const logins = async () => Number(await site.host.exec("grep -c '^Accepted publickey' /var/log/sshd.log || :"))

/** The first deployment, and that a second one has nothing to do. */
export function laidDown(): void {
  describe("Keystone on a bare engine", () => {
    it("is all to be created in the first plan, which writes nothing", async () => {
      const before = await site.store.secrets.names("site")
      const result = await plan()
      expect(result.failed).toEqual([])
      expect(changes(result)).toContain("create container keystone")
      expect(changes(result)).toContain("create database keystone")
      expect(changes(result)).toContain("run task bootstrap_keystone")
      // A database that is not there yet does not say that it is empty.
      expect(changes(result)).toContain("run task keystone_credential_migrate")
      expect(await host.engine.listContainers({ all: true })).toEqual([])
      expect(await site.store.secrets.names("site")).toEqual(before)
    })

    it("says that the registry is down, and goes on when it is up again", async () => {
      const result = await site.withoutRegistry(() => deploy())
      expect(result.failed.map(({ code }) => code)).toEqual(new Array(4).fill("PULL_FAILED"))
      expect(result.failed[0]!.message).toMatch(/host1: .*could not be pulled.*connection refused/s)
      expect(result.changed).toEqual(["host1/prepare"])
    })

    it("is laid down, and the real client gets a token", async () => {
      const before = await logins()
      const result = await deploy()
      expect(result.failed).toEqual([])
      // Noted as done: there is no credential that it could encrypt anew.
      expect(changes(result)).toContain("create task keystone_credential_migrate")
      // Commands, files and the engine share one connection, however many steps there are at once.
      expect((await logins()) - before).toBe(1)
      console.log(`deployed in ${result.seconds} s:`, result.criticalPath)
      expect(await openstack("token", "issue", "-f", "value", "-c", "id")).toMatch(/^gAAAA/)
      expect(await openstack("endpoint", "list", "-f", "value", "-c", "URL")).toContain(result.endpoints["keystone"])
      const rc = join(site.request.accessFolder, "openrc.sh")
      for (const file of [rc, join(site.request.accessFolder, "clouds.yaml")]) {
        expect((await stat(file)).mode & 0o777).toBe(0o600)
      }
      const { stdout } = await run("sh", ["-c", `. ${rc} && openstack project list -f value -c Name`])
      expect(stdout.trim().split("\n").toSorted()).toEqual(["admin", "service"])
    })

    it("needs nothing the second time, and makes no write on the host", async () => {
      const since = Math.floor(clock.now() / 1000)
      const before = await logins()
      const result = await deploy()
      expect(result).toMatchObject({ planned: [], changed: [], failed: [] })
      expect((await logins()) - before).toBe(1)
      console.log(`no-op deploy in ${result.seconds} s`)
      const events = await eventsSince(host.engine, since, Math.floor(clock.now() / 1000))
      // Health checks of the containers go on by themselves, and the database is asked.
      const writes = events.filter(({ Action }) => !/^(exec_|health_status)/.test(Action))
      expect(writes).toEqual([])
    })

    it("shows no secret in labels, environments or commands of containers", async () => {
      const all = await host.engine.listContainers({ all: true })
      const inspected = await Promise.all(all.map(({ Id }) => host.engine.getContainer(Id).inspect()))
      const text = JSON.stringify(inspected) + (await site.host.exec("cat /proc/[0-9]*/cmdline | tr '\\0' ' '"))
      for (const name of await site.store.secrets.names("site")) {
        expect(text).not.toContain((await site.store.secrets.get("site", name))!.reveal())
      }
    })
  })
}
