import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { leave } from "../../../src/agent/boot/leave.ts"
import { kernelFiles } from "../../../src/agent/sysfs.ts"

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "bifrost-leave-"))
  mkdirSync(join(root, "proc/sys/kernel"), { recursive: true })
  vi.stubEnv("PATH", root)
})

afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(root, { recursive: true })
})

const asked = () => kernelFiles(root).text("proc/sysrq-trigger")
const kexec = (exitCode: number) =>
  writeFileSync(join(root, "kexec"), `#!/bin/sh\necho "$@" > ${root}/called\nexit ${exitCode}\n`, { mode: 0o755 })

test("a kernel that starts by kexec is not asked for a reset", async () => {
  kexec(0)
  await leave("kexec", kernelFiles(root), () => {})
  expect(readFileSync(join(root, "called"), "utf8")).toBe("-e -x\n")
  expect(asked()).toBe(null)
})

test("a kernel that refuses kexec at the last moment is reset, and the log says why", async () => {
  kexec(1)
  const said: string[] = []
  await leave("kexec", kernelFiles(root), (line) => said.push(line))
  expect(asked()).toBe("b")
  expect(said.join("\n")).toMatch(/kexec -e -x \(exit 1\)[\s\S]*; a reset instead$/)
})

test.each([
  ["reset", "b"],
  ["power_off", "o"],
] as const)("a %s is the kernel's own, whatever sysrq is set to", async (how, key) => {
  await leave(how, kernelFiles(root), () => {})
  expect(kernelFiles(root).text("proc/sys/kernel/sysrq")).toBe("1")
  expect(asked()).toBe(key)
})
