import { afterEach, describe, expect, test } from "vitest"
import { networkBoot } from "../../../src/conductor/phases.ts"
import type { ProvisionState } from "../../../src/states/table.ts"
import type { NodeRecord } from "../../../src/store/records.ts"
import { Site } from "./site.ts"

let site: Site
const open = async (state?: ProvisionState, changes?: Partial<NodeRecord>) => {
  site = await Site.open(state, changes)
  return site
}
afterEach(() => site.close())

const minute = 60_000
const starts = async () =>
  (await site.store.events.since(0)).filter(({ kind }) => kind === "os.start").map(({ data }) => data)

describe("a deploy", () => {
  test("goes from available to active, step by step", async () => {
    await open()
    const record = await site.conductor.provision("node-1", "active")
    expect(record).toMatchObject({ provision_state: "deploying", target_provision_state: "active" })
    const node = await site.reaches("active")
    expect(site.deeds).toEqual([
      "power off",
      "boot pxe",
      "power on",
      "deploy.get_deploy_steps",
      "deploy.execute_deploy_step",
      "boot disk always",
      "standby.boot_image",
    ])
    expect(node).toMatchObject({ target_provision_state: null, last_error: null, power_state: "power on" })
    expect(node.driver_internal_info).toMatchObject({
      ssh_host_key: expect.stringMatching(/^ssh-ed25519 AAAA/),
      ssh_address: "172.22.0.11",
    })
    expect(node.driver_internal_info).not.toHaveProperty("operation")
    expect(await site.store.secrets.names(node.uuid)).not.toContain("agent_token")
  })

  test("tells how the system was started", async () => {
    await open()
    await site.conductor.provision("node-1", "deploy")
    await site.reaches("active")
    expect(await starts()).toEqual([{ method: "kexec", message: "Debian" }])
  })

  test("passes the two states of its operation in turn", async () => {
    await open()
    await site.conductor.provision("node-1", "deploy")
    await site.reaches("active")
    const events = await site.store.events.since(0)
    const states = events.filter(({ kind }) => kind === "node.state").map(({ data }) => data["to"])
    expect(states).toEqual([
      "deploying",
      "wait call-back",
      "deploying",
      "wait call-back",
      "deploying",
      "wait call-back",
      "deploying",
      "active",
    ])
  })

  test("gives the system its keys and the agent the image", async () => {
    await open()
    await site.conductor.provision("node-1", "active", { configdrive: { user_data: "#!/bin/sh" } })
    await site.reaches("active")
    const [drive] = site.drives
    expect(drive).toMatchObject({
      macs: ["52:54:00:00:00:01"],
      publicKeys: [(await site.store.settings.get("ssh"))!["public"]],
      firstBoot: { url: expect.stringMatching(/^http:\/\/172\.22\.0\.1:8080\/v1\/first-boot\//) },
      additions: { user_data: "#!/bin/sh" },
    })
    expect(drive!.hostKey.private.reveal()).toMatch(/^-----BEGIN OPENSSH PRIVATE KEY-----/)
    const write = site.commands.find(({ command_name }) => command_name === "deploy.execute_deploy_step")
    expect(write!.command_params).toMatchObject({
      deploy_version: { generic: "1" },
      step: {
        step: "write_image",
        args: {
          configdrive: "drive",
          image_info: {
            urls: ["http://images.example/os.raw.zst"],
            os_hash_algo: "sha256",
            os_hash_value: "ab".repeat(32),
            size: 1000,
          },
        },
      },
    })
  })

  test.each(networkBoot.map(({ name, check }, index) => ({ name, check, index })))(
    "that gets stuck before its $name boots once more, then says so",
    async ({ name, check, index }) => {
      await open()
      site.behaviour.phases = index
      await site.conductor.provision("node-1", "active")
      await site.stepBegins("wait for agent")
      site.clock.advance(10 * minute)
      await site.stepBegins("wait for agent", 2)
      site.clock.advance(10 * minute)
      const node = await site.reaches("deploy failed")
      expect(node.last_error).toContain(`node-1: `)
      expect(node.last_error).toContain(`${name} never came within`)
      expect(node.last_error).toContain(check)
      expect(site.deeds.filter((deed) => deed === "power on")).toHaveLength(2)
    },
  )

  test("that succeeds at the second network boot is a success", async () => {
    await open()
    site.behaviour.phases = 0
    await site.conductor.provision("node-1", "active")
    await site.stepBegins("wait for agent")
    site.behaviour.phases = networkBoot.length
    site.clock.advance(10 * minute)
    expect((await site.reaches("active", "deploy failed")).provision_state).toBe("active")
  })

  test("whose image does not verify fails at once with the agent's words, and never boots the disk", async () => {
    await open()
    site.behaviour.write = "fails"
    await site.conductor.provision("node-1", "active")
    const node = await site.reaches("deploy failed")
    expect(node.last_error).toMatch(/CHECKSUM_WRONG: the checksum is wrong.*Correct it/)
    expect(site.deeds).not.toContain("standby.boot_image")
    expect(site.deeds).not.toContain("boot disk always")
  })

  test("whose agent cannot fetch the image, as when the service was away, writes again without another boot", async () => {
    await open()
    site.behaviour.write = "finds no image once"
    await site.conductor.provision("node-1", "active")
    expect((await site.reaches("active", "deploy failed")).provision_state).toBe("active")
    expect(site.deeds.filter((deed) => deed === "deploy.execute_deploy_step")).toHaveLength(2)
    expect(site.deeds.filter((deed) => deed === "power on")).toHaveLength(1)
  })

  test("whose agent dies while it writes begins again from network boot", async () => {
    await open()
    site.behaviour.write = "never ends"
    await site.conductor.provision("node-1", "active")
    await site.stepBegins("wait for write")
    site.behaviour.agentDead = true
    site.behaviour.write = "succeeds"
    await quiet(site.stepBegins("power off", 2))
    expect((await site.reaches("active", "deploy failed")).provision_state).toBe("active")
  })

  test("whose machine loses its power while it writes, twice, says so", async () => {
    await open()
    site.behaviour.write = "never ends"
    await site.conductor.provision("node-1", "active")
    for (const attempt of [1, 2]) {
      await site.stepBegins("wait for write", attempt)
      site.power = "power off"
      await quiet(attempt === 1 ? site.stepBegins("power off", 2) : site.reaches("deploy failed"))
    }
    expect((await site.node()).last_error).toMatch(/the machine is off: its power was cut/)
  })

  test("whose machine restarts while it writes begins again without waiting", async () => {
    await open()
    site.behaviour.write = "never ends"
    await site.conductor.provision("node-1", "active")
    await site.stepBegins("wait for write")
    site.behaviour.write = "succeeds"
    await site.report("netboot.script")
    await site.reaches("active")
    expect(site.deeds.filter((deed) => deed === "deploy.execute_deploy_step")).toHaveLength(2)
  })

  test("whose system does not come up is power-cycled into its disk, then fails", async () => {
    await open()
    site.behaviour.systemComesUp = false
    await site.conductor.provision("node-1", "active")
    await site.stepBegins("wait for system")
    await quiet(site.reaches("deploy failed"))
    expect(site.deeds.at(-1)).toBe("rebooting")
    expect((await site.node()).last_error).toMatch(/first boot never came.*connection refused/)
    expect(await starts()).toEqual([
      { method: "kexec", message: "Debian" },
      { method: "power cycle", message: expect.stringContaining("first boot never came") },
    ])
  })

  test("is not finished by the token of an earlier deploy", async () => {
    await open()
    await site.conductor.provision("node-1", "active")
    const node = await site.reaches("active")
    const old = await site.store.secrets.get(node.uuid, "first_boot_token")
    site.behaviour.systemComesUp = false
    site.booted = false
    await site.conductor.provision("node-1", "rebuild")
    await site.seen("step.start", { step: "wait for system", attempt: 1 })
    await expect(site.conductor.firstBoot(node.uuid, old!.reveal())).rejects.toMatchObject({ status: 401 })
  })
})

/** Moves the clock, in small pieces, until something happens that only time brings about. */
async function quiet(until: Promise<unknown>): Promise<void> {
  let there = false
  const end = until.then(() => {
    there = true
  })
  while (!there) {
    site.clock.advance(5_000)
    await new Promise(setImmediate)
  }
  await end
}

describe("a service that dies", () => {
  test.each([
    "power off",
    "power on",
    "wait for agent",
    "start write",
    "wait for write",
    "boot image",
    "wait for system",
  ])("during %s takes the deploy up and ends it well", async (step) => {
    await open()
    await site.conductor.provision("node-1", "active")
    await site.stepBegins(step)
    await site.restart()
    expect((await site.reaches("active", "deploy failed")).provision_state).toBe("active")
    const operations = (await site.store.events.since(0)).filter(
      ({ kind, data }) => kind === "step.start" && data["step"] === step,
    )
    expect(operations).toHaveLength(1)
  })

  test("after SSH was seen but before the step ended finishes on what was seen", async () => {
    await open()
    site.behaviour.systemComesUp = false
    await site.conductor.provision("node-1", "active")
    await site.stepBegins("wait for system")
    await site.conductor.stop()
    await site.report("os.first-boot")
    await site.report("os.ssh", { address: "172.22.0.12" })
    await site.restart()
    const node = await site.reaches("active", "deploy failed")
    expect(node.driver_internal_info).toMatchObject({ ssh_address: "172.22.0.12" })
  })

  test("cannot write any more once another has taken over", async () => {
    await open()
    site.behaviour.phases = 0
    await site.conductor.provision("node-1", "active")
    await site.stepBegins("wait for agent")
    const old = site.conductor
    await site.restart()
    const node = await site.node()
    expect(node.driver_internal_info["operation"]).toMatchObject({ fence: 2 })
    await old.stop()
    expect(await site.node()).toMatchObject({ provision_state: "wait call-back" })
  })
})
