import { describe, expect, it } from "vitest"
import { changes } from "../site.ts"
import { deploy, host, plan, site } from "./world.ts"

/** What someone changed on the host is brought back, and nothing else touched. */
export function drift(): void {
  describe("drift", () => {
    it("is repaired when someone killed a container", async () => {
      await host.engine.getContainer("keystone").kill()
      const result = await deploy()
      expect(changes(result)).toEqual(["start container keystone"])
      expect(result.failed).toEqual([])
    })

    it("is repaired within what a run is limited to; what that rests on is only looked at, unless asked for", async () => {
      const killed = ["keystone", "memcached", "rabbitmq"].map((name) => host.engine.getContainer(name).kill())
      await Promise.all(killed)
      const only = await deploy({ scope: { only: ["keystone"] } })
      expect(only.failed).toMatchObject([{ step: "host1/container/memcached", code: "STEP_LEFT_OUT" }])
      expect(only.failed[0]!.message).toContain("start container memcached (it ended")
      expect(only.changed).toEqual([])
      const both = await deploy({ scope: { only: ["keystone"], withDependencies: true } })
      expect(changes(both)).toEqual(["start container memcached", "start container keystone"])
      expect(changes(await plan({ scope: { until: "memcached" } }))).toEqual([])
      await expect(plan({ scope: { hosts: ["host2"] } })).rejects.toThrow('no host "host2", did you mean "host1"?')
      expect(changes(await deploy())).toEqual(["start container rabbitmq"])
    })

    it("of a replacement that was cut off is repaired: the one set aside stays until its successor is healthy", async () => {
      const set = host.engine.getContainer("memcached")
      await set.kill()
      await set.rename({ name: "memcached-old" })
      const result = await deploy()
      expect(result.planned).toMatchObject([
        { action: "create", target: "container memcached", reason: "memcached-old was set aside for it" },
      ])
      const { Image } = await host.engine.getContainer("memcached").inspect()
      await host.engine.createContainer({ name: "memcached-old", Image })
      expect(changes(await deploy())).toEqual(["remove container memcached-old"])
      expect(changes(await plan())).toEqual([])
    })

    it("is repaired when someone edited a file, touching that container only", async () => {
      await site.host.exec("sed -i 's/^expiration.*/expiration = 1/' /etc/kolla/keystone/keystone.conf")
      const result = await deploy()
      expect(changes(result)).toEqual(["update file /etc/kolla/keystone/keystone.conf", "restart container keystone"])
      expect(result.planned[0]!.diff).toEqual(["  [token]", "- expiration = 1", "+ expiration = 86400"])
      expect(JSON.stringify(result)).not.toContain(
        (await site.store.secrets.get("site", "keystone_database_password"))!.reveal(),
      )
    })

    it("is repaired when someone removed a container, and what is no longer defined goes", async () => {
      await host.engine.getContainer("memcached").remove({ force: true })
      const Image = (await host.engine.getContainer("mariadb").inspect()).Config.Image
      const stray = await host.engine.createContainer({
        name: "stray",
        Image,
        Labels: { "io.bifrost-ts.owner": "site" },
      })
      const foreign = await host.engine.createContainer({ name: "foreign", Image })
      const result = await deploy()
      expect(changes(result)).toEqual(["create container memcached", "remove container stray"])
      await expect(stray.inspect()).rejects.toThrow("No such container")
      await foreign.remove()
    })
  })
}
