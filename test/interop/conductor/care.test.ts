import { afterEach, expect, test } from "vitest"
import { Rack } from "./rack.ts"

let rack: Rack
afterEach(async (context) => {
  if (context.task.result?.state === "fail") console.error(rack.output, rack.machine.log, rack.machine.hardware.output)
  await rack.close()
})

test("inspect reads the hardware in the ramdisk, and leaves the machine off", async () => {
  rack = await Rack.open({ node: { provision_state: "manageable" } })
  await rack.provision("inspect")
  const node = await rack.reaches("manageable", "inspect failed")
  expect(node.last_error).toBeNull()
  expect(node.driver_internal_info["inventory"]).toMatchObject({
    disks: [{ name: "/dev/vda", serial: "disk-1", size: 160 * 1024 * 1024 }],
    interfaces: [{ name: "eth0", mac_address: "52:54:00:12:34:56" }],
  })
  expect(rack.machine.log).toContain("ramdisk")
  expect(await rack.machine.power()).toBe("off")
})

test("a machine that was deployed is deleted to available, and deployed anew", async () => {
  rack = await Rack.open()
  await rack.provision("active")
  await rack.reaches("active", "deploy failed")
  await rack.provision("deleted")
  const node = await rack.reaches("available", "error")
  expect(node).toMatchObject({ provision_state: "available", instance_info: {}, power_state: "power off" })
  expect(await rack.store.secrets.names(node.uuid)).toEqual(["ipmi_password"])
  await rack.store.nodes.update(node.uuid, { instance_info: { image_source: "tiny" } })
  await rack.provision("active")
  expect(await rack.reaches("active", "deploy failed")).toMatchObject({ provision_state: "active", last_error: null })
})
