import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { labDown, labUp } from "../../../src/lab/lab.ts"
import { requireLab } from "../../../src/lab/requirements.ts"
import { planLab } from "../../../src/lab/spec.ts"

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "requirements-"))
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

test("a lab without root is refused before anything is made, with the command that has it", async () => {
  vi.spyOn(process, "geteuid").mockReturnValue(1000)
  const paths = { state: join(folder, "state"), cache: join(folder, "cache") }
  const refused = { code: "LAB_NOT_ROOT", remedy: expect.stringContaining("sudo bifrost-ts lab") }
  await expect(labUp(paths, "no-root", { nodes: 1 })).rejects.toMatchObject(refused)
  await expect(labDown(paths, "no-root")).rejects.toMatchObject(refused)
  expect(existsSync(paths.state)).toBe(false)
})

test("what a lab lacks is named at once, with one command that brings all of it", () => {
  vi.stubEnv("PATH", folder)
  const lacking = (options: Parameters<typeof planLab>[1]) => () => requireLab(planLab("lacking", options))
  expect(lacking({ nodes: 1 })).toThrow(
    expect.objectContaining({
      code: "LAB_PROGRAMS_MISSING",
      message: expect.stringContaining(": ip, nsenter, qemu-system-x86_64"),
      remedy: expect.stringMatching(/^apt-get install --no-install-recommends iproute2 util-linux qemu-system-x86/),
    }),
  )
  for (const name of ["ip", "qemu-system-x86_64"]) writeFileSync(join(folder, name), "", { mode: 0o755 })
  writeFileSync(join(folder, "nsenter"), "no program", { mode: 0o644 })
  // Hosts are containers: a lab of these alone has no machine that would need QEMU.
  expect(lacking({ hosts: 1 })).toThrow(
    expect.objectContaining({
      message: expect.stringMatching(/: nsenter$/),
      remedy: "apt-get install --no-install-recommends util-linux",
    }),
  )
})
