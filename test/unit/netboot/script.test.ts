import { describe, expect, test } from "vitest"
import type { BootAnswer, BootQuestion } from "../../../src/netboot/policy.ts"
import { bootScript } from "../../../src/netboot/script.ts"
import { systemClock } from "../../../src/util/clock.ts"

const context = {
  baseUrl: "http://172.22.0.1:8080",
  kernelParameters: ["console=tty0", "console=ttyS0,115200"],
  clock: { ...systemClock, now: () => 1_790_000_000_123 },
}
const bios: BootQuestion = { mac: "52:54:00:00:00:11", arch: "x86_64", firmware: "bios" }
const uefi: BootQuestion = { ...bios, firmware: "uefi", uuid: "34567812-3456-7812-3456-781234567812" }
const node = { uuid: "8f4b0c9e-0000-4000-8000-000000000001", name: "rack1-node1" }
const script = (question: BootQuestion, answer: BootAnswer) => bootScript(question, answer, context)

describe("boot scripts", () => {
  test("deploy ramdisk", () => {
    expect(script(uefi, { boot: "ramdisk", node })).toBe(`#!ipxe
echo bifrost: rack1-node1 starts the deploy ramdisk
imgfree
kernel http://172.22.0.1:8080/boot/vmlinuz initrd=ramdisk.img ipa-api-url=http://172.22.0.1:8080 BOOTIF=01-52-54-00-00-00-11 bifrost-time=1790000000 console=tty0 console=ttyS0,115200 || goto again
initrd http://172.22.0.1:8080/boot/ramdisk.img || goto again
boot || goto again
:again
echo bifrost: that did not work, next try in 5 seconds
sleep 5
chain --replace http://172.22.0.1:8080/boot.ipxe?mac=52-54-00-00-00-11&firmware=uefi&arch=x86_64&uuid=34567812-3456-7812-3456-781234567812 || goto again
`)
  })

  test("discovery", () => {
    expect(script(bios, { boot: "discover" })).toBe(`#!ipxe
echo bifrost: 52:54:00:00:00:11 is not enrolled and will be inspected
imgfree
kernel http://172.22.0.1:8080/boot/vmlinuz initrd=ramdisk.img ipa-api-url=http://172.22.0.1:8080 BOOTIF=01-52-54-00-00-00-11 bifrost-time=1790000000 ipa-inspection-callback-url=http://172.22.0.1:8080/v1/continue_inspection console=tty0 console=ttyS0,115200 || goto again
initrd http://172.22.0.1:8080/boot/ramdisk.img || goto again
boot || goto again
:again
echo bifrost: that did not work, next try in 5 seconds
sleep 5
chain --replace http://172.22.0.1:8080/boot.ipxe?mac=52-54-00-00-00-11&firmware=bios&arch=x86_64 || goto again
`)
  })

  test("local disk, BIOS", () => {
    expect(script(bios, { boot: "disk", node })).toBe(`#!ipxe
echo bifrost: rack1-node1 boots from its disk
sanboot --no-describe --drive 0x80 ||
exit 1
`)
  })

  test("local disk, UEFI", () => {
    expect(script(uefi, { boot: "disk", node })).toBe(`#!ipxe
echo bifrost: rack1-node1 boots from its disk
exit 1
`)
  })

  test("nothing for machines that are ignored", () => {
    expect(script(bios, { boot: "ignore" })).toBeUndefined()
  })

  test("a name cannot add a line, a setting or an operator", () => {
    const text = script(bios, { boot: "disk", node: { ...node, name: `a\nshell\n${"$"}{x} || b` } })
    expect(text?.split("\n")[1]).toBe("echo bifrost: a.shell...x. .. b boots from its disk")
  })
})
