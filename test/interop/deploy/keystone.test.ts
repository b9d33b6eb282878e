import { readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { carriedUnits } from "../../../src/deploy/carried.ts"
import { containerFindings } from "../../../src/deploy/checks/containers.ts"
import { endpointChecks } from "../../../src/deploy/checks/endpoints.ts"
import { prechecks } from "../../../src/deploy/checks/prechecks.ts"
import { deployHost } from "../../../src/deploy/host.ts"
import { runJournal } from "../../../src/deploy/journal.ts"
import { Placement } from "../../../src/deploy/placement.ts"
import { siteServices } from "../../../src/service/site-services.ts"
import { blankNode } from "../../../src/store/blank.ts"
import type { HostTransport } from "../../../src/transport/port.ts"
import { sshTransport } from "../../../src/transport/ssh.ts"
import { systemClock as clock } from "../../../src/util/clock.ts"
import { run } from "../../../src/util/run.ts"
import { changes, startSite, type TestSite, verbsOf } from "./site.ts"

let site: TestSite
let host: HostTransport
const minutes = 60_000

beforeAll(async () => {
  site = await startSite(`bifrost-deploy-${process.pid}`)
  host = sshTransport(site.host.inventory.hosts[0]!, site.host.privateKey, clock)
}, 15 * minutes)

afterAll(async () => {
  host?.close()
  await site?.stop()
}, 2 * minutes)

const { signal, deploy, plan } = verbsOf(() => site)

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

async function openstack(...args: string[]): Promise<string> {
  const env = {
    ...process.env,
    OS_CLIENT_CONFIG_FILE: join(site.request.accessFolder, "clouds.yaml"),
    OS_CLOUD: "bifrost",
  }
  return (await run("openstack", args, { env })).stdout.trim()
}

describe("Keystone on a bare engine", () => {
  it("is all to be created in the first plan, which writes nothing", async () => {
    const before = await site.store.secrets.names("site")
    const result = await plan()
    expect(result.failed).toEqual([])
    expect(changes(result)).toContain("create container keystone")
    expect(changes(result)).toContain("create database keystone")
    expect(changes(result)).toContain("run task bootstrap_keystone")
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
    const result = await deploy()
    expect(result.failed).toEqual([])
    console.log(`deployed in ${result.seconds} s:`, result.criticalPath)
    expect(await openstack("token", "issue", "-f", "value", "-c", "id")).toMatch(/^gAAAA/)
    expect(await openstack("endpoint", "list", "-f", "value", "-c", "URL")).toContain(result.endpoints["keystone"])
    const rc = join(site.request.accessFolder, "openrc.sh")
    expect((await stat(rc)).mode & 0o777).toBe(0o600)
    const { stdout } = await run("sh", ["-c", `. ${rc} && openstack project list -f value -c Name`])
    expect(stdout.trim().split("\n").toSorted()).toEqual(["admin", "service"])
  })

  it("needs nothing the second time, and makes no write on the host", async () => {
    const since = Math.floor(clock.now() / 1000)
    const result = await deploy()
    expect(result).toMatchObject({ planned: [], changed: [], failed: [] })
    console.log(`no-op deploy in ${result.seconds} s`)
    const stream = await host.engine.getEvents({ since, until: Math.floor(clock.now() / 1000) + 1 })
    const events: { Type: string; Action: string }[] = []
    for await (const chunk of stream) {
      for (const line of String(chunk).split("\n").filter(Boolean)) events.push(JSON.parse(line))
    }
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

describe("drift", () => {
  it("is repaired when someone killed a container", async () => {
    await host.engine.getContainer("keystone").stop({ t: 5 })
    const result = await deploy()
    expect(changes(result)).toEqual(["start container keystone"])
    expect(result.failed).toEqual([])
  })

  it("is repaired within what a run is limited to; what that rests on is only looked at, unless asked for", async () => {
    for (const name of ["keystone", "memcached", "rabbitmq"]) await host.engine.getContainer(name).stop({ t: 5 })
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
    await set.stop({ t: 5 })
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

describe("trouble", () => {
  it("stops at a host whose key changed, before anything is sent", async () => {
    const [entry] = site.request.inventory.hosts
    const other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKf6JgWYEkv0KcqDSv3sCHkmbFTg5ZbbJuJ3bkkZ0PDd"
    const result = await plan({ inventory: { hosts: [{ ...entry!, hostKey: other }] } })
    expect(new Set(result.failed.map(({ code }) => code))).toEqual(new Set(["HOST_KEY_CHANGED"]))
    expect(result.failed[0]!.message).toMatch(/host1: .*shows SHA256:.*expected SHA256:/)
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
    const url = `http://${site.host.address}:5000`
    const work = () => endpointChecks({ placement: placement(), url, password: secret, signal: signal() })
    expect(await work()).toMatchObject([
      { check: "token", status: "ok" },
      { check: "api identity", status: "ok" },
    ])
    // The deployer believed a start by its own question; the engine says "healthy" at its next one.
    const unwell = async () =>
      containerFindings(await carriedUnits(placement(), hosts())).filter(({ status }) => status !== "ok")
    await expect.poll(unwell, { timeout: 60_000, interval: 1000 }).toEqual([])
    await host.engine.getContainer("keystone").stop({ t: 5 })
    expect(await work()).toMatchObject([{ check: "token", status: "failed" }])
    const after = containerFindings(await carriedUnits(placement(), hosts()))
    expect(after.filter(({ status }) => status !== "ok")).toMatchObject([
      { check: "container keystone", status: "failed" },
    ])
    expect((await deploy({ verb: "start", scope: { only: ["keystone"] } })).changed).toEqual([
      "host1/container/keystone",
    ])
  })

  it("check beforehand what the host is, and who has a port that is needed", async () => {
    const unit = {
      ...site.request.services[0]!.containers[0]!,
      name: "thief",
      listens: [22],
      kernel: () => ["openvswitch" as const],
    }
    const services = [...site.request.services, { ...site.request.services[0]!, name: "thief", containers: [unit] }]
    const wider = {
      ...site.request,
      placement: new Placement(services, site.request.inventory, site.request.site),
      hosts: hosts(),
    }
    const findings = await prechecks({ ...wider, now: () => clock.now(), signal: signal() })
    const of = (check: string) => findings.find((finding) => finding.check === check)
    expect(of("ssh")).toMatchObject({ host: "host1", status: "ok" })
    expect(of("engine")).toMatchObject({ status: "ok", detail: expect.stringContaining("Docker Engine") })
    expect(of("network management")).toMatchObject({ status: "ok", detail: `eth0 ${site.host.address}` })
    expect(of("registry")).toMatchObject({ status: "ok" })
    expect(of("clock")!.status).not.toBe("failed")
    expect(of("name")).toMatchObject({ status: "ok", detail: "host1" })
    expect(of("port 22")).toMatchObject({
      status: "failed",
      detail: expect.stringMatching(/^taken by sshd \(pid \d+\); thief/),
    })
    // Ours listens on it: nobody has taken it.
    expect(of("port 5000")).toBeUndefined()
    expect(of("kernel openvswitch")).toBeDefined()
  })

  it("prepare a host, and find nothing to do the second time", async () => {
    const unit = { ...site.request.services[0]!.containers[0]!, sysctl: () => ({ "net.ipv4.conf.all.rp_filter": "2" }) }
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
        const child = ["--disable-warning=ExperimentalWarning", new URL("child.ts", import.meta.url).pathname]
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
    10 * minutes,
  )
})

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

it("is destroyed without a trace when that is asked for; what others made stays", async () => {
  const Image = (await host.engine.getContainer("mariadb").inspect()).Config.Image
  const foreign = await host.engine.createContainer({ name: "foreign", Image })
  await site.host.exec("mkdir -p /etc/kolla/foreign && echo 192.0.2.9 printer >> /etc/hosts")
  const kept = await deploy({ verb: "destroy" })
  expect(kept.failed).toEqual([])
  expect((await host.engine.listContainers({ all: true })).map(({ Names }) => Names[0])).toEqual(["/foreign"])
  expect(await site.host.exec("ls /etc/kolla")).toBe("foreign\n")
  expect(await site.host.exec("cat /etc/hosts")).toMatch(/^(?!.*bifrost-ts).*192\.0\.2\.9 printer\n$/s)
  const volumes = async () => ((await host.engine.listVolumes()).Volumes ?? []).map(({ Name }) => Name)
  expect(await volumes()).toContain("mariadb")
  expect(changes(await deploy({ verb: "destroy", includeData: true }))).toContain("remove volume mariadb")
  expect(await volumes()).not.toContain("mariadb")
  expect((await deploy({ verb: "destroy", includeData: true })).planned).toEqual([])
  await foreign.remove()
})

it("keeps what it needs in the store only, readable by its owner", async () => {
  expect(await readFile(join(site.request.accessFolder, "clouds.yaml"), "utf8")).toContain("auth_url")
})
