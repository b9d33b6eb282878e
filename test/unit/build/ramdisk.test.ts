import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "vitest"
import { concatenate } from "../../../src/build/files.ts"
import { bundleAgent } from "../../../src/build/ramdisk/agent.ts"
import { chooseModules, moduleName } from "../../../src/build/ramdisk/modules.ts"

const lists = {
  dep: `kernel/net/virtio_net.ko.xz: kernel/net/net_failover.ko.xz
kernel/net/net_failover.ko.xz: kernel/net/failover.ko.xz
kernel/net/failover.ko.xz:
kernel/fs/ext4/ext4.ko.xz: kernel/fs/jbd2.ko.xz
kernel/fs/jbd2.ko.xz:
kernel/crypto/crc32c-intel.ko.xz:
kernel/sound/snd.ko.xz:
`,
  softdep: "softdep ext4 pre: crc32c_intel\n",
  builtin: "kernel/drivers/virtio/virtio_pci.ko\n",
}

it("takes along what modules depend on, softly too, and nothing else", () => {
  expect(chooseModules(lists, ["virtio_net", "ext4"]).paths).toEqual([
    "kernel/crypto/crc32c-intel.ko.xz",
    "kernel/fs/ext4/ext4.ko.xz",
    "kernel/fs/jbd2.ko.xz",
    "kernel/net/failover.ko.xz",
    "kernel/net/net_failover.ko.xz",
    "kernel/net/virtio_net.ko.xz",
  ])
})

it("knows what is built in and reports what does not exist", () => {
  expect(chooseModules(lists, ["virtio-pci", "nosuch"])).toEqual({ paths: [], unknown: ["nosuch"] })
})

it("takes - and _ for the same in names", () => {
  expect(moduleName("kernel/crypto/crc32c-intel.ko.xz")).toBe("crc32c_intel")
  expect(moduleName("kernel/a.ko")).toBe("a")
})

it("begins each archive on a 4-byte boundary", async () => {
  const dir = await mkdtemp(join(tmpdir(), "bifrost-cat-"))
  try {
    await writeFile(join(dir, "a"), "abcde")
    await writeFile(join(dir, "b"), "fghi")
    await concatenate([join(dir, "a"), join(dir, "b")], join(dir, "all"))
    expect(await readFile(join(dir, "all"), "latin1")).toBe("abcde\0\0\0fghi")
  } finally {
    await rm(dir, { recursive: true })
  }
})

it("bundles the agent into one file that imports nothing but Node's own modules", async () => {
  const text = await bundleAgent("src/agent/main.ts")
  const imports = [...text.matchAll(/^import .* from "([^"]+)"/gm)].map((match) => match[1]!)
  expect(imports.length).toBeGreaterThan(0)
  expect(imports.filter((name) => !name.startsWith("node:"))).toEqual([])
})
