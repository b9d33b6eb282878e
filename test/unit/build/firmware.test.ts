import { expect, it } from "vitest"
import { debian13, debian13Firmware } from "../../../images/os/debian-13/image.ts"
import { fingerprint } from "../../../src/build/fingerprint.ts"
import { findBuildable } from "../../../src/build/kinds.ts"
import { debianSources, rootRecipe } from "../../../src/build/os/root.ts"

const mirror = "http://mirror.example/debian"

it("offers images with firmware beside those without, which are the first choice", () => {
  expect(findBuildable("os").name).toBe("debian-13")
  expect(findBuildable("os", "debian-13-firmware").name).toBe("debian-13-firmware")
  expect(findBuildable("ramdisk").name).toBe("deploy")
  expect(findBuildable("ramdisk", "deploy-firmware").name).toBe("deploy-firmware")
})

it("adds packages and the component they are in, and takes nothing away", () => {
  expect(debian13Firmware.packages).toEqual(expect.arrayContaining([...debian13.packages]))
  const added = debian13Firmware.packages.filter((name) => !debian13.packages.includes(name))
  expect(added).toContain("firmware-bnx2x")
  expect(added.every((name) => /^firmware-|-microcode$/.test(name))).toBe(true)
})

it("keeps the component in force in the installed system, for updates and security updates alike", () => {
  const components = (text: string) => text.match(/^Components: .*$/gm)
  expect(components(debianSources(debian13, mirror))).toEqual(["Components: main", "Components: main"])
  const both = "Components: main non-free-firmware"
  expect(components(debianSources(debian13Firmware, mirror))).toEqual([both, both])
})

it("builds it apart: other inputs, another hash", async () => {
  const hash = (os: typeof debian13) => fingerprint(rootRecipe(os, {}).inputs)
  expect(await hash(debian13Firmware)).not.toBe(await hash(debian13))
  // The component alone makes the difference as well.
  const { components: _, ...free } = debian13Firmware
  expect(await hash(debian13Firmware)).not.toBe(await hash(free))
})
