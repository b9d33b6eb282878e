import { describe, expect, it } from "vitest"
import { earlyConfig, embedGrub, menu } from "../../../src/build/os/grub.ts"
import { layOut, sfdiskScript } from "../../../src/build/os/layout.ts"

describe("layOut", () => {
  const layout = layOut(1_000_000_000)

  it("puts the root last, with room for GPT's copy behind it", () => {
    const { bios, esp, root, sectors } = layout
    expect(esp.start).toBe(bios.start + bios.sectors)
    expect(root.start).toBe(esp.start + esp.sectors)
    expect(sectors - (root.start + root.sectors)).toBeGreaterThanOrEqual(33)
    expect(root.sectors * 512).toBeGreaterThanOrEqual(1_000_000_000)
  })

  it("aligns every partition to 1 MiB", () => {
    for (const part of [layout.bios, layout.esp, layout.root]) expect(part.start % 2048).toBe(0)
  })

  it("names the types that BIOS GRUB and UEFI look for", () => {
    expect(sfdiskScript(layout)).toBe(`label: gpt
unit: sectors
start=2048, size=2048, type=21686148-6449-6E6F-744E-656564454649, name=bios
start=4096, size=131072, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name=esp
start=135168, size=${layout.root.sectors}, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name=root
`)
  })
})

describe("embedGrub", () => {
  const boot = Buffer.alloc(512, 0x11)
  boot.writeUInt16LE(0xaa55, 510)
  const core = Buffer.alloc(512 * 3 - 100, 0x22)
  core.writeUInt16LE(2, 508)
  core.writeUInt16LE(0x820, 510)

  it("tells the boot sector where the core image is, and the core image where its rest is", () => {
    const placed = embedGrub(boot, core, 2048)
    expect(placed.mbr.length).toBe(440)
    expect(placed.mbr.readBigUInt64LE(0x5c)).toBe(2048n)
    expect(placed.mbr.readUInt8(0x64)).toBe(0xff)
    expect(placed.mbr.readUInt16LE(0x66)).toBe(0x9090)
    expect(placed.core.length).toBe(512 * 3)
    expect(placed.core.readBigUInt64LE(500)).toBe(2049n)
    expect(placed.core.readUInt16LE(508)).toBe(2)
  })

  it("refuses a boot sector without signature and a core image of another layout", () => {
    const expected = { code: "BOOT_LOADER_UNEXPECTED" }
    expect(() => embedGrub(Buffer.alloc(512), core, 2048)).toThrow(expect.objectContaining(expected))
    const other = Buffer.from(core)
    other.writeUInt16LE(0x800, 510)
    expect(() => embedGrub(boot, other, 2048)).toThrow(expect.objectContaining(expected))
  })
})

it("writes a menu that survives kernel upgrades and names the root by uuid", () => {
  expect(menu("1234", "rw quiet")).toBe(`set default=0
set timeout=0
search.fs_uuid 1234 root
menuentry "Debian GNU/Linux" {
  linux /vmlinuz root=UUID=1234 rw quiet
  initrd /initrd.img
}
menuentry "Debian GNU/Linux, kernel before" {
  linux /vmlinuz.old root=UUID=1234 rw quiet
  initrd /initrd.img.old
}
`)
  expect(earlyConfig("1234")).toContain("search.fs_uuid 1234 root")
})
