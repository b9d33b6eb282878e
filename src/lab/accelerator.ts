import { spawn } from "node:child_process"
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { type Clock, systemClock } from "../util/clock.ts"
import { runRoot } from "./layout.ts"

export type Accelerator = "kvm" | "tcg"

export interface AcceleratorProbe {
  readonly device: string
  readonly qemu: string
  /** Where the answer is kept. */
  readonly remembered: string
  readonly clock: Clock
}

const host: AcceleratorProbe = {
  device: "/dev/kvm",
  qemu: "qemu-system-x86_64",
  remembered: join(runRoot, "accelerator.json"),
  clock: systemClock,
}
/** A guest that works needs some 0.3 s. Where KVM is emulated it needs many times that, if it ends at all. */
const deadlineMs = 3_000
const proof = 0x2a

/**
 * KVM only where a guest proves that it works: /dev/kvm can exist and still hang or kill every guest (nested and emulated
 * KVM). The answer holds for one boot of the host and is kept in /run.
 */
export async function accelerator(probe: AcceleratorProbe = host): Promise<Accelerator> {
  const { remembered } = probe
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
  const known = recall(remembered)
  if (known?.boot === boot) return known.accelerator
  const found: Accelerator = (await kvmWorks(probe)) ? "kvm" : "tcg"
  mkdirSync(dirname(remembered), { recursive: true })
  writeFileSync(remembered, JSON.stringify({ boot, accelerator: found }))
  return found
}

export function forgetAccelerator(): void {
  rmSync(host.remembered, { force: true })
}

function recall(remembered: string): { boot: string; accelerator: Accelerator } | undefined {
  try {
    return JSON.parse(readFileSync(remembered, "utf8"))
  } catch {
    return undefined
  }
}

async function kvmWorks(probe: AcceleratorProbe): Promise<boolean> {
  try {
    accessSync(probe.device, constants.R_OK | constants.W_OK)
  } catch {
    return false
  }
  const dir = mkdtempSync(join(tmpdir(), "bifrost-kvm-"))
  try {
    const disk = join(dir, "probe.img")
    writeFileSync(disk, bootSector())
    return (await exitCode(probe, disk)) === proof * 2 + 1
  } finally {
    rmSync(dir, { recursive: true })
  }
}

/** The processor is the one that the lab's machines get under KVM: a lesser one could pass where theirs fails. */
function exitCode({ qemu, clock }: AcceleratorProbe, disk: string): Promise<number | null> {
  const args = ["-accel", "kvm", "-cpu", "host", "-m", "64", "-machine", "q35", "-nodefaults", "-display", "none"]
  args.push(
    "-drive",
    `if=virtio,format=raw,snapshot=on,file=${disk}`,
    "-device",
    "isa-debug-exit,iobase=0x501,iosize=1",
  )
  return new Promise((resolve) => {
    const child = spawn(qemu, args, { stdio: "ignore" })
    // Nobody waits for its end: a guest may hang inside the kernel, where no signal reaches it.
    const cancel = clock.after(deadlineMs, () => {
      child.kill("SIGKILL")
      child.unref()
      resolve(null)
    })
    const end = (code: number | null) => {
      cancel()
      resolve(code)
    }
    child.on("error", () => end(null)).on("exit", end)
  })
}

/** Real mode: mov dx, 0x501; mov al, proof; out dx, al; hlt. QEMU then exits with 2 × proof + 1. */
function bootSector(): Uint8Array {
  const disk = new Uint8Array(64 * 1024)
  disk.set([0xba, 0x01, 0x05, 0xb0, proof, 0xee, 0xf4])
  disk.set([0x55, 0xaa], 510)
  return disk
}
