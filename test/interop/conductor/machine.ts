import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  watch,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import ssh2 from "ssh2"
import { BootFlags } from "../../../src/ipmi/server/boot-flags.ts"
import type { Chassis } from "../../../src/ipmi/server/ports.ts"
import type { BootSelection, ChassisAction, Power } from "../../../src/ipmi/types.ts"
import { FakeMachine } from "../agent/machine.ts"

const mac = "52-54-00-12-34-56"

/**
 * A machine without a processor of its own: its firmware obeys the boot flags and the scripts of the real boot policy, its
 * ramdisk is the real agent as a process over a disk that is a file, and its system comes up only from a disk that holds
 * the whole image, with the keys and the token of the config drive on that disk.
 */
export class Machine implements Chassis {
  readonly #flags = new BootFlags()
  readonly #service: string
  readonly #image: { readonly sha256: string; readonly size: number }
  readonly #sshPort: number
  readonly hardware: FakeMachine
  readonly disk: string
  /** What it did: `on`, `off`, `ramdisk`, `disk`, `system`, `no system`. */
  readonly log: string[] = []
  /** Does not start from the network. */
  cableCut = false
  #on = false
  #life = new AbortController()
  #systems: (() => void)[] = []

  constructor(service: string, image: { sha256: string; size: number }, sshPort: number, diskBytes: number) {
    this.#service = service
    this.#image = image
    this.#sshPort = sshPort
    this.hardware = new FakeMachine(service)
    this.disk = this.hardware.disk("vda", diskBytes, { serial: "disk-1" })
    mkdirSync(join(this.hardware.root, "proc/sys/kernel"), { recursive: true })
    // The agent resets the machine through the kernel's own request file (sysrq).
    const trigger = join(this.hardware.root, "proc/sysrq-trigger")
    writeFileSync(trigger, "")
    this.#watcher = watch(trigger, () => {
      if (this.#on && readFileSync(trigger, "utf8") === "b") {
        writeFileSync(trigger, "")
        void this.control("reset")
      }
    })
  }
  readonly #watcher

  async power(): Promise<Power> {
    return this.#on ? "on" : "off"
  }

  async control(action: ChassisAction): Promise<void> {
    if (action === "on" && this.#on) return
    if (action !== "on") await this.#stop()
    this.#on = action !== "off" && action !== "soft"
    this.log.push(this.#on ? "on" : "off")
    if (this.#on) this.#start()
  }

  bootSelection = async (): Promise<BootSelection> => this.#flags.get()
  setBootSelection = async (selection: BootSelection): Promise<void> => this.#flags.set(selection)

  /** The power plug. */
  async cutPower(): Promise<void> {
    await this.#stop()
    this.#on = false
    this.log.push("off")
  }

  async remove(): Promise<void> {
    await this.#stop()
    this.#watcher.close()
    await this.hardware.remove()
  }

  async #stop(): Promise<void> {
    this.#life.abort()
    for (const end of this.#systems.splice(0)) end()
    await this.hardware.kill()
  }

  #start(): void {
    this.#life = new AbortController()
    const { signal } = this.#life
    const { device } = this.#flags.consume()
    const boot = device === "disk" ? this.#bootDisk(signal) : this.#bootNetwork(signal)
    boot.catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
  }

  /** iPXE's part: the script, then what it names. Asks again while the service is away, as iPXE's script does. */
  async #bootNetwork(signal: AbortSignal): Promise<void> {
    if (this.cableCut) return
    const script = await (
      await this.#persistently(`/boot.ipxe?mac=${mac}&firmware=bios&arch=x86_64`, {}, signal)
    ).text()
    if (!script.includes("ramdisk.img")) return this.#bootDisk(signal)
    for (const file of ["vmlinuz", "ramdisk.img"]) {
      await (await this.#persistently(`/boot/${file}`, {}, signal)).arrayBuffer()
    }
    signal.throwIfAborted()
    this.log.push("ramdisk")
    rmSync(join(this.hardware.root, "run"), { recursive: true, force: true })
    this.hardware.start()
  }

  async #persistently(path: string, init: RequestInit, signal: AbortSignal): Promise<Response> {
    for (;;) {
      const response = await fetch(`${this.#service}${path}`, { ...init, signal }).catch(() => undefined)
      if (response?.ok) return response
      signal.throwIfAborted()
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  async #bootDisk(signal: AbortSignal): Promise<void> {
    this.log.push("disk")
    if (!this.#holdsImage()) return void this.log.push("no system")
    this.log.push("system")
    const { bifrost, public_keys } = JSON.parse(this.#configDrive("meta_data.json"))
    const authorized = Object.values(public_keys as Record<string, string>)
    let done = false
    const sshd = sshServer(bifrost.ssh_host_keys.ed25519.private, authorized, (command) =>
      command === "true" || done ? 0 : 1,
    )
    this.#systems.push(() => sshd.close())
    await new Promise<void>((resolve) => sshd.listen(this.#sshPort, "127.0.0.1", resolve))
    const path = new URL(bifrost.first_boot_url).pathname
    const body = JSON.stringify({ token: bifrost.first_boot_token })
    done = true
    await this.#persistently(path, { method: "POST", headers: { "content-type": "application/json" }, body }, signal)
  }

  /** All but the ends, where the agent puts the partition of the config drive into the image's table. */
  #holdsImage(): boolean {
    return sha256Of(this.disk, this.#image.size) === this.#image.sha256
  }

  #configDrive(file: string): string {
    const table = JSON.parse(execFileSync("sfdisk", ["--json", this.disk], { encoding: "utf8" })).partitiontable
    const partition = table.partitions.at(-1)
    const work = mkdtempSync(join(tmpdir(), "bifrost-drive-"))
    try {
      const iso = join(work, "drive.iso")
      writeFileSync(iso, readRange(this.disk, partition.start * 512, partition.size * 512))
      const out = join(work, "out")
      execFileSync("xorriso", ["-osirrox", "on", "-indev", iso, "-extract", `/openstack/latest/${file}`, out], {
        stdio: "ignore",
      })
      return readFileSync(out, "utf8")
    } finally {
      rmSync(work, { recursive: true, force: true })
    }
  }
}

/** The image's first MiB holds its partition table, which gains a partition; what follows is the image's alone. */
export const tableBytes = 1024 * 1024
const backupTableBytes = 64 * 1024

export function sha256Of(file: string, size: number): string {
  const body = readRange(file, tableBytes, size - tableBytes - backupTableBytes)
  return createHash("sha256").update(body).digest("hex")
}

function readRange(file: string, start: number, length: number): Buffer {
  const descriptor = openSync(file, "r")
  try {
    const bytes = Buffer.alloc(length)
    return bytes.subarray(0, readSync(descriptor, bytes, 0, length, start))
  } finally {
    closeSync(descriptor)
  }
}

/** A system's sshd: lets in who holds one of the keys; `run` gives the status that a command ends with. */
export function sshServer(
  hostKey: string,
  authorized: readonly string[],
  run: (command: string) => number | Promise<number>,
): ssh2.Server {
  const known = authorized.map((line) => line.split(" ")[1])
  return new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on("error", () => {})
    client.on("authentication", (context) => {
      const { method } = context
      if (method !== "publickey" || !known.includes(context.key.data.toString("base64")))
        return context.reject(["publickey"])
      if (!context.signature) return context.accept()
      const key = ssh2.utils.parseKey(`${context.key.algo} ${context.key.data.toString("base64")}`)
      if (key instanceof Error) return context.reject()
      const good = (key as ssh2.ParsedKey).verify(context.blob!, context.signature, context.hashAlgo)
      return good === true ? context.accept() : context.reject()
    })
    client.on("session", (accept) => {
      accept().on("exec", async (acceptExec, _reject, { command }) => {
        const stream = acceptExec()
        stream.exit(await run(command))
        stream.end()
      })
    })
  })
}
