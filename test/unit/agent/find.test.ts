import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { findSystem } from "../../../src/agent/boot/find.ts"

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "bifrost-root-"))
})
afterEach(() => rmSync(root, { recursive: true }))

const put = (path: string, text = "") => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}
const menu = (prefix: string) =>
  `menuentry "D" {\n linux ${prefix}/vmlinuz root=LABEL=root\n initrd ${prefix}/initrd.img\n}\n`

it("follows a root partition's links as its own system would", () => {
  put("boot/grub/grub.cfg", menu(""))
  put("boot/vmlinuz-6.12")
  put("boot/initrd-6.12")
  symlinkSync("/boot/vmlinuz-6.12", join(root, "vmlinuz"))
  symlinkSync("boot/initrd-6.12", join(root, "initrd.img"))
  expect(findSystem(root, "/dev/vda3")).toMatchObject({
    kernel: join(root, "boot/vmlinuz-6.12"),
    initrds: [join(root, "boot/initrd-6.12")],
    entry: { cmdline: "root=LABEL=root" },
  })
})

it("finds the files of a boot partition of its own", () => {
  put("grub/grub.cfg", menu(""))
  put("vmlinuz")
  put("initrd.img")
  expect(findSystem(root, "/dev/vda2")?.kernel).toBe(join(root, "vmlinuz"))
})

it("takes no file from outside, and no entry whose files are not there", () => {
  put("boot/grub/grub.cfg", menu("/boot"))
  expect(findSystem(root, "/dev/vda3")).toBeUndefined()
  mkdirSync(join(root, "boot"), { recursive: true })
  symlinkSync("../../../../etc/passwd", join(root, "boot/vmlinuz"))
  symlinkSync("initrd.img", join(root, "boot/initrd.img"))
  expect(findSystem(root, "/dev/vda3")).toBeUndefined()
})

it("reads no pipe, and no entry of a boot loader from outside", () => {
  mkdirSync(join(root, "boot/grub"), { recursive: true })
  mkdirSync(join(root, "boot/loader/entries"), { recursive: true })
  execFileSync("mkfifo", ["boot/grub/grubenv", "boot/grub/grub.cfg", "boot/loader/entries/pipe.conf"], { cwd: root })
  const outside = mkdtempSync(join(tmpdir(), "bifrost-outside-"))
  try {
    writeFileSync(join(outside, "entry"), "linux /vmlinuz\n")
    symlinkSync(join(outside, "entry"), join(root, "boot/loader/entries/outside.conf"))
    put("vmlinuz")
    expect(findSystem(root, "/dev/vda3")).toBeUndefined()
    put("boot/loader/entries/inside.conf", "linux /vmlinuz\n")
    expect(findSystem(root, "/dev/vda3")?.kernel).toBe(join(root, "vmlinuz"))
  } finally {
    rmSync(outside, { recursive: true })
  }
})
