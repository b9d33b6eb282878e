import { expect, test } from "vitest"
import { deviceIds } from "../../../src/lab/libvirt-chassis.ts"

const domain = (devices: string) => `<domain><devices>
    <controller type='pci'><alias name='pcie.0'/></controller>
    ${devices}
    <serial type='pty'><alias name='serial0'/></serial>
  </devices></domain>`

test("the ids of the first disk and the first card are libvirt's aliases", () => {
  const xml = domain(`<disk type='file' device='cdrom'><alias name='sata0-0-0'/></disk>
    <disk type='file' device='disk'><source file='/x'/><alias name='ua-disk-volume-0'/></disk>
    <interface type='network'><boot order='2'/><alias name='net0'/></interface>
    <interface type='network'><alias name='net1'/></interface>`)
  expect(deviceIds(xml)).toEqual({ disk: "ua-disk-volume-0", net: "net0" })
})

test("a domain that is off or has no card is refused", () => {
  const xml = domain("<disk type='file' device='disk'><alias name='virtio-disk0'/></disk>")
  expect(() => deviceIds(xml)).toThrow(expect.objectContaining({ code: "LAB_QMP" }))
})
