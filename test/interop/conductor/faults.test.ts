import { readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { afterEach, describe, expect, test } from "vitest"
import type { JsonObject } from "../../../src/store/records.ts"
import { MiB, sha } from "../agent/images.ts"
import { Rack, type RackOptions } from "./rack.ts"
import { SlowImage } from "./slow-image.ts"

let rack: Rack
const open = async (options: RackOptions = {}) => {
  rack = await Rack.open(options)
  return rack
}
afterEach(async (context) => {
  if (context.task.result?.state === "fail") console.error(rack.output, rack.machine.log, rack.machine.hardware.output)
  await rack.close()
})

/** Fails, and says what `last_error` matches; the machine never ran a system, and the node was never active. */
async function deployFails(says: RegExp): Promise<void> {
  await rack.provision("active")
  const node = await rack.reaches("deploy failed", "active")
  expect(node).toMatchObject({ provision_state: "deploy failed", target_provision_state: null })
  expect(node.last_error).toMatch(/^node-1: /)
  expect(node.last_error).toMatch(says)
  expect(rack.machine.log).not.toContain("system")
  expect(await rack.store.secrets.get(node.uuid, "ipmi_password")).toBeDefined()
}

describe("a BMC", () => {
  const enroll = { provision_state: "enroll" } as const
  const backToEnroll = async (says: RegExp) => {
    await rack.provision("manage")
    await rack.until(async () => (await rack.node()).last_error !== null)
    expect(await rack.node()).toMatchObject({ provision_state: "enroll", last_error: expect.stringMatching(says) })
  }

  test("that is not there", async () => {
    // The discard port, where nobody listens.
    await open({
      node: { ...enroll, driver_info: { ipmi_address: "127.0.0.9", ipmi_port: 9, ipmi_username: "admin" } },
    })
    await backToEnroll(/^node-1: the BMC does not answer.*IPMI over LAN/s)
  })

  test("with another password", async () => {
    await open({ node: enroll, bmcPassword: "not this one" })
    await backToEnroll(/^node-1: the BMC refused the password.*Correct the BMC password/s)
    const said = JSON.stringify([await rack.events(), await rack.node()])
    expect(said).not.toContain("not this one")
  })

  test("with the right one makes the node manageable", async () => {
    await open({ node: enroll })
    await rack.provision("manage")
    expect(await rack.reaches("manageable")).toMatchObject({ power_state: "power off", last_error: null })
  })
})

test("a machine that never asks for an address is booted twice", async () => {
  await open({ factor: 200 })
  rack.machine.cableCut = true
  await deployFails(/DHCP request never came within 600 s after power on.*Check that the machine powers on/)
  expect(rack.machine.log.filter((each) => each === "on")).toHaveLength(2)
})

describe("an image", () => {
  const tiny = () => readFileSync(rack.images.path("tiny"))

  test("that is listed but not there", async () => {
    await open()
    rmSync(join(rack.state, "images/tiny.raw"))
    await deployFails(/404/)
  })

  test("that was never built", async () => {
    await open({ node: { instance_info: { image_source: "windows-3.11" } } })
    await deployFails(/no such image: windows-3\.11.*images build/)
    expect(rack.machine.log).toEqual([])
  })

  test("at a URL that nobody serves", async () => {
    const slow = new SlowImage(Buffer.alloc(8), false)
    const { image_source } = await slow.listen()
    await slow.close()
    await open({ node: { instance_info: { image_source, image_checksum: "00".repeat(32) } } })
    await deployFails(/the image cannot be fetched/)
    expect(rack.machine.log).toEqual([])
  })

  const published: [string, (content: Buffer) => [Buffer, JsonObject], RegExp][] = [
    [
      "that is truncated",
      (content) => [content.subarray(0, 9 * MiB), { sha256: sha("sha256", content) }],
      /checksum|sha256/i,
    ],
    ["whose checksum is another", (content) => [content, { sha256: "ab".repeat(32) }], /checksum|sha256/i],
    ["that is larger than the disk", (content) => [content, { virtual_size: 1024 * MiB }], /larger than|too large/i],
  ]
  test.each(published)("%s", async (_, change, says) => {
    await open()
    rack.publish("tiny", ...change(tiny()))
    await deployFails(says)
    expect(rack.machine.log).toContain("ramdisk")
  })

  test("that is larger than the disk is known to be is refused before the machine is touched", async () => {
    await open({ node: { properties: { local_gb: 1 } } })
    rack.publish("tiny", tiny(), { virtual_size: 2 * 1024 * MiB })
    await deployFails(/larger than the disk.*local_gb/)
    expect(rack.machine.log).toEqual([])
  })
})

describe("a disk", () => {
  test("that is not there", async () => {
    await open({ node: { properties: { root_device: { serial: "another" } } } })
    await deployFails(/no disk fits.*disk-1.*root_device/s)
  })

  test("that could be either of two", async () => {
    await open({ node: { properties: { root_device: { rotational: false } } } })
    rack.machine.hardware.disk("vdb", 160 * MiB, { serial: "disk-2" })
    await deployFails(/disk-1.*disk-2/s)
  })
})

describe("while the image is written", () => {
  let slow: SlowImage
  afterEach(() => slow.close())

  const writing = async () => {
    await open()
    slow = new SlowImage(readFileSync(rack.images.path("tiny")), true)
    const instance_info = await slow.listen()
    await rack.store.nodes.update((await rack.node()).uuid, { instance_info })
    await rack.provision("active")
  }
  const endsActive = async () => {
    expect(await rack.reaches("active", "deploy failed")).toMatchObject({ provision_state: "active", last_error: null })
    expect(rack.machine.log.filter((each) => each === "ramdisk")).toHaveLength(2)
    expect(rack.machine.log).not.toContain("no system")
  }

  test("the agent dies: the deploy begins again from network boot", async () => {
    await writing()
    await rack.sees("step.start", { step: "wait for write", attempt: 1 })
    await rack.until(async () => slow.held > 0)
    slow.holds = false
    await rack.machine.hardware.kill()
    await endsActive()
  })

  test("the power is cut: the deploy begins again from network boot", async () => {
    await writing()
    await rack.sees("step.start", { step: "wait for write", attempt: 1 })
    await rack.until(async () => slow.held > 0)
    slow.holds = false
    await rack.machine.cutPower()
    await endsActive()
  })

  test("the power is cut each time: the node fails and says so, and its half-written disk is not booted", async () => {
    await writing()
    for (const attempt of [1, 2]) {
      await rack.sees("step.start", { step: "wait for write", attempt })
      await rack.until(async () => slow.held >= attempt)
      await rack.machine.cutPower()
    }
    const node = await rack.reaches("deploy failed", "active")
    expect(node.provision_state).toBe("deploy failed")
    expect(node.last_error).toMatch(/the agent went silent.*the machine is off: its power was cut/)
    expect(rack.machine.log).not.toContain("disk")
  })
})
