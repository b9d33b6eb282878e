import { afterEach, describe, expect, test } from "vitest"
import { handlers } from "../../../src/conductor/plans.ts"
import { Rack } from "./rack.ts"

let rack: Rack
afterEach(async (context) => {
  if (context.task.result?.state === "fail") console.error(rack.output, rack.machine.log, rack.machine.hardware.output)
  await rack.close()
})

const operation = { id: "", attempt: 1, fence: 1, request: {} }
const steps = handlers.deploying!.plan.steps(operation, { automatedClean: false }).map(({ name }) => name)

/** The end state that every deploy comes to, killed or not. */
async function endsWell(): Promise<void> {
  const node = await rack.reaches("active", "deploy failed")
  expect(node).toMatchObject({
    provision_state: "active",
    target_provision_state: null,
    last_error: null,
    power_state: "power on",
  })
  expect(Object.keys(node.driver_internal_info).sort()).toEqual(["ssh_address", "ssh_host_key"])
  // The machine runs the system that was written, and its disk stays its boot device.
  expect(rack.machine.log.at(-1)).toBe("system")
  expect(rack.machine.log).not.toContain("no system")
  expect(await rack.machine.power()).toBe("on")
  expect(await rack.machine.bootSelection()).toMatchObject({ device: "disk", persistent: true })
  expect(await rack.store.secrets.names(node.uuid)).toEqual(["first_boot_token", "ipmi_password", "ssh_host_key"])
  // No step was lost: each ended well in the attempt that led here.
  const ended = (await rack.events()).filter(({ kind, data }) => kind === "step.end" && !data["error"])
  for (const step of steps) expect(ended.map(({ data }) => data["step"])).toContain(step)
}

test("a deploy ends active", async () => {
  rack = await Rack.open()
  await rack.provision("active")
  await endsWell()
  expect(rack.machine.log).toEqual(["off", "on", "ramdisk", "on", "disk", "system"])
})

describe("a service killed at every moment of", () => {
  test.each(steps)("%s starts again and the deploy ends active", async (step) => {
    const crash = [`begin ${step}`, `begun ${step}`, `end ${step}`, `ended ${step}`]
    rack = await Rack.open({ crash })
    await rack.provision("active")
    await endsWell()
    expect(rack.died()).toEqual(crash)
    expect(rack.starts).toBe(1 + crash.length)
  })
})

test("an agent whose lookup was answered into the void asks again, and needs no second boot", async () => {
  rack = await Rack.open({ crash: ["said agent.lookup"] })
  await rack.provision("active")
  await endsWell()
  expect(rack.died()).toEqual(["said agent.lookup"])
  expect(rack.machine.log).toEqual(["off", "on", "ramdisk", "on", "disk", "system"])
})

test("a service killed at every change of state and every sign of the machine ends well", async () => {
  const crash = [
    "said node.state",
    "said netboot.script",
    "said netboot.ramdisk",
    "said agent.lookup",
    "said agent.heartbeat",
    "said agent.progress",
    "said os.start",
    "said os.first-boot",
    "said os.ssh",
  ]
  rack = await Rack.open({ crash })
  await rack.provision("active")
  await endsWell()
  expect(rack.died().sort()).toEqual([...crash].sort())
})
