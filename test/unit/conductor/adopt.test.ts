import { afterEach, describe, expect, test } from "vitest"
import { siteKeyPair } from "../../../src/conductor/node-secrets.ts"
import type { NodeRecord } from "../../../src/store/records.ts"
import { Site } from "./site.ts"

let site: Site
afterEach(() => site.close())

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKf6JgWYEkv0KcqDSv3sCHkmbFTg5ZbbJuJ3bkkZ0PDd"
const byHand: Partial<NodeRecord> = {
  driver: "manual-management",
  driver_info: {},
  instance_info: {},
  extra: { ipv4_address: "172.22.0.61", ssh_host_key: hostKey },
}

describe("a server without a BMC, whose system is there", () => {
  test("becomes active when its system lets us in under the key that the user vouched for", async () => {
    site = await Site.open("enroll", byHand)
    site.booted = true
    await site.conductor.provision("node-1", "manage")
    expect(await site.reaches("manageable")).toMatchObject({ power_state: null })
    await site.conductor.provision("node-1", "adopt")
    const node = await site.reaches("active", "adopt failed")
    expect(node).toMatchObject({ provision_state: "active", power_state: "power on", last_error: null })
    expect(node.driver_internal_info).toMatchObject({ ssh_host_key: hostKey, ssh_address: "172.22.0.61" })
    const { private: privateKey } = await siteKeyPair(site.store)
    expect(site.probed).toMatchObject([{ host: "172.22.0.61", hostKey, firstBoot: false }])
    expect(site.probed[0]!.privateKey.reveal()).toBe(privateKey.reveal())
  })

  test("is not active when it does not, says how to let us in, and can be adopted again", async () => {
    site = await Site.open("manageable", byHand)
    await site.conductor.provision("node-1", "adopt")
    const { last_error } = await site.reaches("adopt failed")
    expect(last_error).toMatch(/node-1: .*did not let the provisioner in.*connection refused.*bifrost-ts ssh-key/)
    site.booted = true
    await site.conductor.provision("node-1", "adopt")
    await site.reaches("active")
  })

  test.each([
    ["ip", { ssh_host_key: hostKey }],
    ["ssh_host_key", { ipv4_address: "172.22.0.61" }],
  ])("is refused at once without %s", async (column, extra) => {
    site = await Site.open("manageable", { ...byHand, extra })
    const refusal = { code: "ADOPTION_INVALID", message: expect.stringContaining(`expected ${column}:`) }
    await expect(site.conductor.provision("node-1", "adopt")).rejects.toMatchObject(refusal)
    expect((await site.store.nodes.find("node-1"))!.provision_state).toBe("manageable")
  })

  test.each([["deploy", "available"] as const, ["inspect", "manageable"] as const, ["rebuild", "active"] as const])(
    "cannot be told to %s: nobody could switch it",
    async (verb, state) => {
      site = await Site.open(state, { ...byHand, instance_info: { image_source: "debian-13" } })
      await expect(site.conductor.provision("node-1", verb)).rejects.toMatchObject({ code: "POWER_BY_HAND" })
    },
  )

  test("is left running, and its key forgotten, when it is given up", async () => {
    site = await Site.open("active", { ...byHand, driver_internal_info: { ssh_host_key: hostKey } })
    await site.conductor.provision("node-1", "undeploy")
    const node = await site.reaches("available", "error")
    expect(node).toMatchObject({ provision_state: "available", last_error: null })
    expect(node.driver_internal_info["ssh_host_key"]).toBeUndefined()
  })

  test("does not pretend to have changed its power", async () => {
    site = await Site.open("active", byHand)
    await site.conductor.power("node-1", "power off")
    await expect
      .poll(async () => (await site.store.nodes.find("node-1"))!.last_error)
      .toMatch(/only a person can switch/)
  })
})

test("a server with a BMC is adopted with both: the BMC answers, and the system lets us in", async () => {
  site = await Site.open("manageable", { extra: { ipv4_address: "172.22.0.61", ssh_host_key: hostKey } })
  site.power = "power on"
  await site.conductor.provision("node-1", "adopt")
  await site.reaches("adopt failed")
  site.booted = true
  await site.conductor.provision("node-1", "adopt")
  await site.reaches("active")
  expect(site.deeds).toEqual([])
})
