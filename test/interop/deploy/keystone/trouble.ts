import { describe, expect, it } from "vitest"
import { execIn } from "../../../../src/deploy/engine.ts"
import { changes } from "../site.ts"
import { deploy, host, plan, signal, site } from "./world.ts"

/** What a deployment does when a host or a container is not as expected. */
export function trouble(): void {
  describe("trouble", () => {
    it("stops at a host whose key changed, before anything is sent", async () => {
      const [entry] = site.request.inventory.hosts
      const other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKf6JgWYEkv0KcqDSv3sCHkmbFTg5ZbbJuJ3bkkZ0PDd"
      const result = await plan({ inventory: { hosts: [{ ...entry!, hostKey: other }] } })
      expect(new Set(result.failed.map(({ code }) => code))).toEqual(new Set(["HOST_KEY_CHANGED"]))
      expect(result.failed[0]!.message).toMatch(/host1: .*shows SHA256:.*expected SHA256:/)
    })

    it("is told of programs that hang by their own checks, although their ports are open", async () => {
      const programs = { memcached: "memcached", rabbitmq: "beam.smp" }
      const ask = async (name: string) => {
        const { Config } = await host.engine.getContainer(name).inspect()
        const { code, stdout } = await execIn(host.engine, name, Config.Healthcheck!.Test!.slice(1), {
          signal: signal(),
        })
        return `${name} ${code} ${stdout.trim()}`
      }
      const all = () => Promise.all(Object.keys(programs).map(ask))
      const signalAll = (word: string) =>
        site.host.exec(`for each in ${Object.values(programs).join(" ")}; do pkill -${word} -x $each; done`)
      expect(await all()).toEqual(["memcached 0 ", "rabbitmq 0 "])
      await signalAll("STOP")
      expect(await all()).toEqual([
        "memcached 1 it does not give back what it was told to keep:",
        "rabbitmq 1 it does not let services in",
      ])
      await signalAll("CONT")
      expect(await all()).toEqual(["memcached 0 ", "rabbitmq 0 "])
    })

    it("lets the container before it serve again when one never gets healthy, and tells its last lines", async () => {
      const { Id: before } = await host.engine.getContainer("memcached").inspect()
      const services = site.request.services.map((service) =>
        service.name !== "memcached"
          ? service
          : {
              ...service,
              containers: service.containers.map((container) => ({
                ...container,
                startSeconds: 5,
                // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell in the container expands it
                command: () => "/bin/sh -c echo${IFS}cannot${IFS}serve;sleep${IFS}600",
              })),
            },
      )
      const result = await deploy({ services })
      expect(result.failed.map(({ step, code }) => `${step} ${code}`)).toEqual([
        "host1/container/memcached CONTAINER_UNHEALTHY",
      ])
      expect(result.failed[0]!.message).toContain("cannot serve")
      expect(result.failed[0]!.message).toContain("serves again; this one is kept, ended, as memcached-failed")
      expect(result.skipped.map(({ step }) => step)).toContain("host1/container/keystone")
      expect(await host.engine.getContainer("memcached").inspect()).toMatchObject({
        Id: before,
        State: { Running: true },
      })
      expect(changes(await deploy())).toEqual(["remove container memcached-failed"])
    })
  })
}
