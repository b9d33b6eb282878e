import { afterEach, describe, expect, test } from "vitest"
import { type ProvisionVerb, provisionVerbs } from "../../../src/conductor/port.ts"
import { verbs } from "../../../src/conductor/verbs.ts"
import { next, type ProvisionState, transitions } from "../../../src/states/table.ts"
import type { NodeRecord } from "../../../src/store/records.ts"
import { BifrostError } from "../../../src/util/errors.ts"
import { Secret } from "../../../src/util/secret.ts"
import { Site, testErrors } from "./site.ts"

let site: Site
const open = async (state?: ProvisionState, changes?: Partial<NodeRecord>) => {
  site = await Site.open(state, changes)
  return site
}
afterEach(() => site.close())

describe("manage", () => {
  test("verifies the BMC and learns the power state", async () => {
    await open("enroll")
    site.power = "power on"
    expect(await site.conductor.provision("node-1", "manage")).toMatchObject({ provision_state: "verifying" })
    expect(await site.reaches("manageable")).toMatchObject({ power_state: "power on", target_provision_state: null })
  })

  test("goes back to enroll when the BMC refuses the password", async () => {
    await open("enroll")
    site.behaviour.bmc = new BifrostError(testErrors.BMC_WRONG_PASSWORD, { node: "node-1" })
    await site.conductor.provision("node-1", "manage")
    const node = await site.reaches("enroll")
    expect(node).toMatchObject({
      target_provision_state: null,
      last_error: "node-1: the BMC refused the password. Correct it.",
    })
  })
})

describe("provide and clean", () => {
  test("provide does not touch the machine while automated cleaning is off", async () => {
    await open("manageable")
    await site.conductor.provision("node-1", "provide")
    await site.reaches("available")
    expect(site.deeds).toEqual([])
  })

  test("a clean that is asked for runs its steps in the agent and leads back to manageable", async () => {
    await open("manageable")
    const steps = [{ interface: "deploy", step: "erase_devices_metadata" }]
    await site.conductor.provision("node-1", "clean", { clean_steps: steps })
    await site.reaches("manageable", "clean failed").then(({ last_error }) => expect(last_error).toBeNull())
    expect(site.deeds).toEqual([
      "power off",
      "boot pxe",
      "power on",
      "clean.get_clean_steps",
      "clean.execute_clean_step",
      "power off",
    ])
  })
})

test("inspect stores what the agent found and switches the machine off", async () => {
  await open("manageable", { properties: { capabilities: "a:b" } })
  await site.conductor.provision("node-1", "inspect")
  const node = await site.reaches("manageable", "inspect failed")
  expect(node.properties).toMatchObject({
    cpus: 4,
    cpu_arch: "x86_64",
    memory_mb: 2048,
    capabilities: "a:b,boot_mode:uefi",
  })
  expect(await site.conductor.inventory("node-1")).toMatchObject({ hostname: "ramdisk" })
  expect(site.power).toBe("power off")
})

test("deleted removes what the deploy left, its secrets first of all", async () => {
  await open()
  await site.conductor.provision("node-1", "active", { configdrive: "H4sIA" })
  await site.reaches("active")
  await site.conductor.provision("node-1", "deleted")
  const node = await site.reaches("available")
  expect(node).toMatchObject({ instance_info: {}, instance_uuid: null, power_state: "power off" })
  expect(node.driver_internal_info).toEqual({})
  expect(await site.store.secrets.names(node.uuid)).toEqual(["fake_password"])
})

test("abort ends a wait, and the worker lets go of the node", async () => {
  await open()
  site.behaviour.phases = 2
  await site.conductor.provision("node-1", "active")
  await site.stepBegins("wait for agent")
  expect(await site.conductor.provision("node-1", "abort")).toMatchObject({
    provision_state: "deploy failed",
    target_provision_state: null,
    last_error: "aborted by the user",
  })
  site.clock.advance(3_600_000)
  site.behaviour.phases = 6
  await site.conductor.provision("node-1", "active")
  expect((await site.reaches("active")).last_error).toBeNull()
})

test("a wait can be deleted", async () => {
  await open()
  site.behaviour.phases = 2
  await site.conductor.provision("node-1", "active")
  await site.stepBegins("wait for agent")
  await site.conductor.provision("node-1", "deleted")
  expect(await site.reaches("available")).toMatchObject({ instance_info: {} })
})

describe("a request that cannot be met is refused before anything changes", () => {
  const cases: [string, ProvisionState, Partial<NodeRecord>, string, string][] = [
    ["an unknown verb", "available", {}, "toString", "VERB_UNKNOWN"],
    ["a verb that the state does not know", "available", {}, "provide", "VERB_NOT_ALLOWED"],
    ["abort where nothing waits", "available", {}, "abort", "NOTHING_TO_ABORT"],
    ["maintenance", "available", { maintenance: true }, "active", "NODE_IN_MAINTENANCE"],
    ["rescue", "active", {}, "rescue", "NOT_SUPPORTED"],
    ["no image", "available", { instance_info: {} }, "active", "DEPLOY_INVALID"],
    ["no checksum", "available", { instance_info: { image_source: "http://x/y.raw" } }, "active", "CHECKSUM_MISSING"],
    ["no such driver", "available", { driver: "ilo" }, "active", "DRIVER_UNKNOWN"],
    ["no BMC address", "available", { driver_info: {} }, "active", "DRIVER_INFO_INVALID"],
    ["clean without steps", "manageable", {}, "clean", "DEPLOY_INVALID"],
    ["a change of power under way", "available", { target_power_state: "power on" }, "active", "NODE_BUSY"],
  ]
  test.each(cases)("%s", async (_, state, changes, verb, code) => {
    await open(state, { ...changes })
    const before = await site.node()
    await expect(site.conductor.provision("node-1", verb)).rejects.toMatchObject({ code })
    expect((await site.node()).provision_state).toBe(before.provision_state)
  })

  test("two deploys at once: one wins", async () => {
    await open()
    const both = await Promise.allSettled([
      site.conductor.provision("node-1", "active"),
      site.conductor.provision("node-1", "active"),
    ])
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"])
    expect(both.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "NODE_BUSY" } })
    await site.reaches("active")
    expect(site.deeds.filter((deed) => deed === "power on")).toHaveLength(1)
  })
})

describe("power", () => {
  test("is set in the background and read back", async () => {
    await open()
    expect(await site.conductor.power("node-1", "power on")).toMatchObject({ target_power_state: "power on" })
    await site.seen("node.power", { to: "power on" })
    expect(await site.node()).toMatchObject({ power_state: "power on", target_power_state: null })
  })

  test("is refused while a deploy runs", async () => {
    await open()
    site.behaviour.phases = 0
    await site.conductor.provision("node-1", "active")
    await expect(site.conductor.power("node-1", "power off")).rejects.toMatchObject({ code: "NODE_BUSY", status: 409 })
  })

  test("that changed behind our back is noticed", async () => {
    await open("active", { power_state: "power on" })
    site.power = "power off"
    site.clock.advance(60_000)
    await site.seen("node.power", { from: "power on", to: "power off" })
  })
})

describe("what the agent says", () => {
  const waiting = async () => {
    await open()
    site.behaviour.phases = 4
    await site.conductor.provision("node-1", "active")
    await site.stepBegins("wait for agent")
    return (await site.node()).uuid
  }
  const addresses = ["52:54:00:00:00:01"]

  test("a lookup hands the token out once", async () => {
    await waiting()
    const first = await site.conductor.lookup({ addresses })
    expect(first.config.agent_token).toMatch(/^[0-9a-f]{64}$/)
    expect((await site.conductor.lookup({ addresses })).config.agent_token).toBe("******")
    expect(first.node).not.toHaveProperty("driver_info")
  })

  test("a lookup tells the token again to the boot that got it, and to no other", async () => {
    await waiting()
    const [key, other] = [new Secret("a".repeat(64)), new Secret("b".repeat(64))]
    const tokenFor = async (boot_key?: Secret) =>
      (await site.conductor.lookup({ addresses, ...(boot_key && { boot_key }) })).config.agent_token
    const token = await tokenFor(key)
    expect(token).toMatch(/^[0-9a-f]{64}$/)
    expect(await tokenFor(key)).toBe(token)
    expect(await tokenFor(other)).toBe("******")
    expect(await tokenFor()).toBe("******")
  })

  test("the key of an earlier boot does not open a token that was handed out without one", async () => {
    const uuid = await waiting()
    const boot_key = new Secret("a".repeat(64))
    await site.conductor.lookup({ addresses, boot_key })
    await site.store.secrets.remove(uuid, "agent_token")
    expect((await site.conductor.lookup({ addresses })).config.agent_token).toMatch(/^[0-9a-f]{64}$/)
    expect((await site.conductor.lookup({ addresses, boot_key })).config.agent_token).toBe("******")
  })

  test("a lookup of a stranger, or of a node that waits for no agent, is 404", async () => {
    const uuid = await waiting()
    const unknown = { code: "LOOKUP_UNKNOWN", status: 404 }
    await expect(site.conductor.lookup({ addresses: ["52:54:00:00:00:99"] })).rejects.toMatchObject(unknown)
    await expect(site.conductor.lookup({ addresses: ["52:54:00:00:00:99"], node_uuid: uuid })).rejects.toMatchObject(
      unknown,
    )
    await site.conductor.provision("node-1", "abort")
    await expect(site.conductor.lookup({ addresses })).rejects.toMatchObject(unknown)
  })

  test("a heartbeat needs the token and keeps its address", async () => {
    const uuid = await waiting()
    const { config } = await site.conductor.lookup({ addresses })
    const beat = { callback_url: "http://172.22.0.11:9999", agent_token: config.agent_token!, agent_version: "11" }
    const refused = { code: "AGENT_UNAUTHORISED", status: 401 }
    await expect(site.conductor.heartbeat(uuid, { ...beat, agent_token: "" })).rejects.toMatchObject(refused)
    await expect(site.conductor.heartbeat(uuid, { ...beat, callback_url: "file:///x" })).rejects.toMatchObject(refused)
    await site.conductor.heartbeat(uuid, beat)
    await expect(
      site.conductor.heartbeat(uuid, { ...beat, callback_url: "http://172.22.0.66:9999" }),
    ).rejects.toMatchObject(refused)
  })

  test("no secret is in any event or in the record", async () => {
    await open()
    await site.conductor.provision("node-1", "active")
    const node = await site.reaches("active")
    const said = JSON.stringify([await site.store.events.since(0), node])
    for (const name of await site.store.secrets.names(node.uuid)) {
      expect(said).not.toContain((await site.store.secrets.get(node.uuid, name))!.reveal())
    }
  })
})

describe("explain", () => {
  test("says what was seen, what is missing, until when, and what then", async () => {
    await open()
    site.behaviour.phases = 2
    await site.conductor.provision("node-1", "active")
    await site.stepBegins("wait for agent")
    await site.seen("netboot.script")
    const now = site.clock.now()
    expect(await site.conductor.explain("node-1")).toMatchObject({
      node: "node-1",
      state: "wait call-back",
      target: "active",
      step: "wait for agent",
      attempt: 1,
      waiting_for: "kernel",
      due_by: now + 120_000,
      or_else: expect.stringMatching(/once more/),
      check: expect.stringMatching(/iPXE/),
    })
  })

  test("shows how far the image is", async () => {
    await open()
    site.behaviour.write = "never ends"
    await site.conductor.provision("node-1", "active")
    await site.stepBegins("wait for write")
    await site.report("agent.progress", { step: "write_image", done: 5, total: 10, message: "" })
    expect(await site.conductor.explain("node-1")).toMatchObject({
      waiting_for: "image written",
      progress: { step: "write_image", done: 5, total: 10 },
    })
  })

  test("of a resting node is its state and last error", async () => {
    await open("enroll", { last_error: "no" })
    expect(await site.conductor.explain("node-1")).toMatchObject({ state: "enroll", step: null, last_error: "no" })
  })
})

test("every verb's event is in the table, and leads to its target's first state", async () => {
  await open()
  const states = Object.keys(transitions) as ProvisionState[]
  for (const word of provisionVerbs) {
    const { event } = verbs[word as ProvisionVerb]
    expect(states.some((state) => next(state, event) !== undefined)).toBe(true)
  }
})
