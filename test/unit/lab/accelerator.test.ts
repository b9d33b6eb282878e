import { execFileSync } from "node:child_process"
import { once } from "node:events"
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { type AcceleratorProbe, accelerator } from "../../../src/lab/accelerator.ts"
import { systemClock } from "../../../src/util/clock.ts"
import { ManualClock } from "../conductor/manual-clock.ts"

let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "bifrost-accelerator-"))
})
afterEach(() => rmSync(dir, { recursive: true }))

/** A host with a /dev/kvm and a QEMU that does as `script` says, after it has noted what it was asked for. */
function hostWith(script: string): AcceleratorProbe {
  const [device, qemu, remembered] = ["kvm", "qemu", "remembered.json"].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ]
  writeFileSync(device, "")
  writeFileSync(qemu, `#!/bin/sh\necho "$*" >> ${join(dir, "asked")}\n${script}\n`, { mode: 0o755 })
  return { device, qemu, remembered, clock: systemClock }
}

const asked = () => readFileSync(join(dir, "asked"), "utf8").trimEnd().split("\n")

test("KVM where the guest ends with the proof, which is asked for once in a boot of the host", async () => {
  const host = hostWith("exit 85")
  expect(await accelerator(host)).toBe("kvm")
  expect(await accelerator(host)).toBe("kvm")
  expect(asked()).toEqual([expect.stringMatching(/-accel kvm -cpu host .*probe\.img.* -device isa-debug-exit/)])
  // Another boot of the host may have another kernel or another hypervisor below it.
  writeFileSync(host.remembered, JSON.stringify({ boot: "an earlier one", accelerator: "tcg" }))
  expect(await accelerator(host)).toBe("kvm")
  expect(asked()).toHaveLength(2)
})

test.each([
  ["ends well without the proof", "exit 0"],
  ["says that KVM does not work", "echo 'failed to initialize kvm' >&2; exit 1"],
  ["is killed", "kill -9 $$"],
])("no KVM where QEMU %s", async (_, script) => {
  expect(await accelerator(hostWith(script))).toBe("tcg")
  expect(asked()).toHaveLength(1)
})

test("no KVM where there is no QEMU, or no /dev/kvm", async () => {
  const host = hostWith("exit 85")
  expect(await accelerator({ ...host, qemu: join(dir, "absent") })).toBe("tcg")
  rmSync(host.remembered)
  expect(await accelerator({ ...host, device: join(dir, "absent") })).toBe("tcg")
})

test("no KVM where the guest hangs: it gets three seconds, then is killed", async () => {
  const clock = new ManualClock()
  const alive = join(dir, "alive")
  execFileSync("mkfifo", [alive])
  const found = accelerator({ ...hostWith(`exec 3> ${alive}; echo up >&3; exec sleep 60`), clock })
  // The hanging process alone holds the other end, so this stream ends with it.
  const life = createReadStream(alive)
  const ended = once(life, "end")
  await once(life, "data")
  let settled = false
  found.then(() => {
    settled = true
  })
  clock.advance(2_999)
  await new Promise(setImmediate)
  expect(settled).toBe(false)
  clock.advance(1)
  expect(await found).toBe("tcg")
  await ended
})
