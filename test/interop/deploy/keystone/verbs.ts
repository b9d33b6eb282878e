import { describe, expect, it } from "vitest"
import openvswitch from "../../../../services/openvswitch/service.ts"
import { carriedUnits } from "../../../../src/deploy/carried.ts"
import { containerFindings } from "../../../../src/deploy/checks/containers.ts"
import { endpointChecks } from "../../../../src/deploy/checks/endpoints.ts"
import { prechecks } from "../../../../src/deploy/checks/prechecks.ts"
import { deployHost } from "../../../../src/deploy/host.ts"
import { Placement } from "../../../../src/deploy/placement.ts"
import { siteServices } from "../../../../src/service/site-services.ts"
import { blankNode } from "../../../../src/store/blank.ts"
import { systemClock as clock } from "../../../../src/util/clock.ts"
import { hostPort } from "../../../../src/util/host-port.ts"
import { changes } from "../site.ts"
import { deploy, host, plan, signal, site } from "./world.ts"

/** The verbs besides plan and deploy, on what is laid down. */
export function verbs(): void {
  describe("the verbs", () => {
    const running = async () => (await host.engine.listContainers()).map(({ Names }) => Names[0]!.slice(1)).sort()
    const placement = () => new Placement(site.request.services, site.request.inventory, site.request.site)
    const all = ["keystone", "mariadb", "memcached", "rabbitmq"]
    const hosts = () => new Map([["host1", deployHost(site.request.inventory.hosts[0]!, host, clock)]])

    it("end containers after those that need them, and start them again as they were", async () => {
      const began = (await host.engine.getContainer("keystone").inspect()).Created
      const stopped = await deploy({ verb: "stop" })
      expect(stopped.failed).toEqual([])
      expect(stopped.changed.indexOf("host1/container/keystone")).toBeLessThan(
        stopped.changed.indexOf("host1/container/mariadb"),
      )
      expect(await running()).toEqual([])
      expect(changes(await plan())).toContain("start container keystone")
      const started = await deploy({ verb: "start" })
      expect(started.failed).toEqual([])
      expect(await running()).toEqual(all)
      expect((await host.engine.getContainer("keystone").inspect()).Created).toBe(began)
      expect((await deploy({ verb: "start" })).planned).toEqual([])
      expect((await deploy({ verb: "pull" })).planned).toEqual([])
    })

    it("check that it works, down to an answer of each API", async () => {
      const secret = (await site.store.secrets.get("site", "keystone_admin_password"))!
      const url = `http://${hostPort(site.host.address, 5000)}`
      const work = () => endpointChecks({ placement: placement(), url, password: secret, signal: signal() })
      expect(await work()).toMatchObject([
        { check: "token", status: "ok" },
        { check: "api identity", status: "ok" },
      ])
      // The deployer believed a start by its own question; the engine says "healthy" at its next one.
      const unwell = async () =>
        containerFindings(await carriedUnits(placement(), hosts())).filter(({ status }) => status !== "ok")
      await expect.poll(unwell, { timeout: 60_000, interval: 1000 }).toEqual([])
      await host.engine.getContainer("keystone").kill()
      expect(await work()).toMatchObject([{ check: "token", status: "failed" }])
      // The engine notices a moment later that it ended.
      await expect
        .poll(unwell, { timeout: 60_000, interval: 1000 })
        .toMatchObject([{ check: "container keystone", status: "failed" }])
      expect((await deploy({ verb: "start", scope: { only: ["keystone"] } })).changed).toEqual([
        "host1/container/keystone",
      ])
    })

    it("check beforehand what the host is, and who has a port that is needed", async () => {
      const unit = {
        ...site.request.services[0]!.containers[0]!,
        name: "thief",
        listens: [22],
        kernel: () => ["tun", "kvm"] as const,
      }
      const thief = { ...site.request.services[0]!, name: "thief", containers: [unit] }
      const services = [...site.request.services, thief, { ...openvswitch, group: "control" }]
      const provider = { physnet1: { interface: "eth9" }, physnet2: { interface: "eth0" } }
      const config = { ...site.request.site, networks: { provider } }
      const wider = {
        ...site.request,
        site: config,
        placement: new Placement(services, site.request.inventory, config),
        hosts: hosts(),
      }
      const findings = await prechecks({ ...wider, now: () => clock.now(), signal: signal() })
      const of = (check: string) => findings.find((finding) => finding.check === check)
      expect(of("ssh")).toMatchObject({ host: "host1", status: "ok" })
      expect(of("engine")).toMatchObject({ status: "ok", detail: expect.stringContaining("Docker Engine") })
      expect(of("network management")).toMatchObject({ status: "ok", detail: `eth0 ${site.host.address}` })
      expect(of("network provider physnet1")).toMatchObject({
        ...{ host: "host1", status: "failed", remedy: expect.stringContaining("networks.provider") },
        detail: expect.stringMatching(/^there is no eth9; it has lo,.* eth0\b/),
      })
      expect(of("network provider physnet2")).toMatchObject({ status: "ok", detail: "eth0" })
      expect(of("registry")).toMatchObject({ status: "ok" })
      expect(of("clock")!.status).not.toBe("failed")
      expect(of("name")).toMatchObject({ status: "ok", detail: "host1" })
      expect(of("port 22")).toMatchObject({
        status: "failed",
        detail: expect.stringMatching(/^taken by sshd \(pid \d+\); thief/),
      })
      // Ours listens on it: nobody has taken it.
      expect(of("port 5000")).toBeUndefined()
      // The host has a tun, and no kvm, whatever its machine has.
      expect(of("kernel tun")).toMatchObject({ host: "host1", status: "ok", detail: "instances' network interfaces" })
      const kernel = (await site.host.exec("uname -r")).trim()
      expect(of("kernel kvm")).toMatchObject({
        ...{ host: "host1", status: "failed" },
        detail: `kernel ${kernel} has no kvm, which thief need for instances at native speed`,
        remedy: "Install a kernel that has it, or let nova emulate (virt_type qemu): several times slower.",
      })
      const hasSwitch = (await site.host.exec("test -e /sys/module/openvswitch && echo yes || :")) === "yes\n"
      expect(of("kernel openvswitch")).toMatchObject(
        hasSwitch
          ? { status: "ok", detail: "Open vSwitch's fast path", remedy: null }
          : {
              status: "failed",
              detail: `kernel ${kernel} has no openvswitch, which openvswitch_vswitchd need for Open vSwitch's fast path`,
              remedy:
                "Install a kernel that has it, or let the site use the userspace datapath (netdev): slower, and without the module.",
            },
      )
    })

    it("prepare a host, and find nothing to do the second time", async () => {
      const unit = {
        ...site.request.services[0]!.containers[0]!,
        sysctl: () => ({ "net.ipv4.conf.all.rp_filter": "2" }),
      }
      const services = site.request.services.map((service, index) =>
        index === 0 ? { ...service, containers: [unit] } : service,
      )
      const first = await deploy({ verb: "bootstrap-servers", services })
      expect(first.failed).toEqual([])
      expect(changes(first)).toEqual([
        "update file /etc/sysctl.d/90-bifrost-ts.conf",
        "update setting net.ipv4.conf.all.rp_filter",
      ])
      expect(await site.host.exec("cat /proc/sys/net/ipv4/conf/all/rp_filter")).toBe("2\n")
      expect((await deploy({ verb: "bootstrap-servers", services })).planned).toEqual([])
      expect(changes(await deploy({ verb: "bootstrap-servers" }))).toEqual([
        "remove file /etc/sysctl.d/90-bifrost-ts.conf",
      ])
      expect(await running()).toEqual(all)
    })

    it("list what runs, tell its log with secrets masked, and run programs in it", async () => {
      const { address, hostKey } = site.request.inventory.hosts[0]!
      await site.store.nodes.insert({
        ...blankNode(clock.now()),
        ...{ name: "host1", provision_state: "active", groups: ["control", "network", "compute", "storage"] },
        ...{ extra: { ipv4_address: address }, driver_internal_info: { ssh_host_key: hostKey } },
      })
      await site.store.secrets.put("site", "ssh_private_key", site.host.privateKey)
      const services = siteServices({ store: site.store, paths: site.paths, clock })
      const units = await services.list()
      expect(
        units
          .filter(({ state }) => state === "running")
          .map(({ container }) => container)
          .sort(),
      ).toEqual(all)
      const secret = (await site.store.secrets.get("site", "rabbitmq_password"))!.reveal()
      const told = await services.exec("rabbitmq", {
        command: ["sh", "-c", `echo ${secret} >/proc/1/fd/1; echo ${secret}; exit 7`],
        signal: signal(),
      })
      expect(told).toEqual({ code: 7, stdout: "******\n", stderr: "" })
      const text = async (follow: boolean) => {
        let seen = ""
        for await (const chunk of await services.logs("rabbitmq", { tail: 20, follow })) {
          seen += chunk
          if (follow && seen.includes("******")) break
        }
        return seen
      }
      for (const seen of [await text(false), await text(true)]) {
        expect(seen).toContain("******")
        expect(seen).not.toContain(secret)
      }
      await expect(services.logs("keyston", { tail: 1, follow: false })).rejects.toThrow('did you mean "keystone"?')
    })
  })
}
