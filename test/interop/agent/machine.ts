import { type ChildProcess, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import http from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import type { CommandResult, Heartbeat, Progress, RootDeviceHints } from "../../../src/agent/protocol.ts"

export const TOKEN = "0123456789abcdef0123456789abcdef"
export const UUID = "4e1b3c6a-8f53-4f0e-9a59-0d8b6a3f7c11"
const MAC = "52:54:00:12:34:56"
const AGENT = join(import.meta.dirname, "../../../src/agent/main.ts")

/** How the image server misbehaves: `cut` ends each of the first connections after so many bytes. */
export interface ServedFile {
  readonly content: Buffer
  cuts?: number[]
  status?: number
}

/** The service as an agent sees it: lookup, heartbeats, progress, and files with ranges. */
export class FakeService {
  readonly files = new Map<string, ServedFile>()
  readonly heartbeats: Heartbeat[] = []
  readonly progress: Progress[] = []
  readonly requests: { path: string; range: string | undefined }[] = []
  lookups = 0
  /** Lookups that are answered 404 first. */
  unknownFor = 0
  hints: RootDeviceHints | undefined
  #heard: (() => void)[] = []
  readonly #server = http.createServer((request, response) => void this.#answer(request, response))

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve))
    return this
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** Resolves at the first moment after a report or heartbeat when `test` holds. */
  async until(test: () => boolean): Promise<void> {
    while (!test()) await new Promise<void>((resolve) => this.#heard.push(resolve))
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const path = new URL(request.url!, "http://service").pathname
    const body = await text(request)
    this.requests.push({ path, range: request.headers.range })
    if (path === "/v1/lookup") {
      this.lookups += 1
      if (this.lookups <= this.unknownFor) return void response.writeHead(404).end("{}")
      const root = this.hints ? { root_device: this.hints } : {}
      const node = { uuid: UUID, properties: root, instance_info: {}, driver_internal_info: {} }
      const token = this.lookups === this.unknownFor + 1 ? TOKEN : "******"
      const config = { heartbeat_timeout: 300, agent_token: token, agent_token_required: true }
      return void response.writeHead(200).end(JSON.stringify({ node, config }))
    }
    if (path.startsWith("/images/")) return this.#serve(path.slice("/images/".length), request, response)
    if (path === `/v1/heartbeat/${UUID}`) this.heartbeats.push(JSON.parse(body))
    if (path === `/v1/agent/${UUID}/progress`) this.progress.push(JSON.parse(body))
    response.writeHead(202).end()
    const heard = this.#heard
    this.#heard = []
    for (const wake of heard) wake()
  }

  #serve(name: string, request: http.IncomingMessage, response: http.ServerResponse): void {
    const file = this.files.get(name)
    if (!file || file.status) return void response.writeHead(file?.status ?? 404).end()
    const total = file.content.length
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "")
    const start = range ? Number(range[1]) : 0
    const end = Math.min(total, range?.[2] ? Number(range[2]) + 1 : total)
    response.writeHead(range ? 206 : 200, {
      "content-length": end - start,
      etag: `"${total}"`,
      ...(range && { "content-range": `bytes ${start}-${end - 1}/${total}` }),
    })
    const isWhole = !range?.[2]
    const cut = isWhole ? file.cuts?.shift() : undefined
    if (cut === undefined) return void response.end(file.content.subarray(start, end))
    response.write(file.content.subarray(start, Math.min(end, start + cut)), () => response.destroy())
  }
}

async function text(request: http.IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString("utf8")
}

/** A machine made of files: what sysfs and procfs say, and disks that are plain files or loop devices. */
export class FakeMachine {
  readonly root = mkdtempSync(join(tmpdir(), "bifrost-agent-"))
  #agent: ChildProcess | undefined
  output = ""

  constructor(apiUrl: string) {
    this.#put("proc/cmdline", `quiet ipa-api-url=${apiUrl}/ BOOTIF=01-${MAC.replaceAll(":", "-")}\n`)
    this.#put("sys/class/net/eth0/address", `${MAC}\n`)
    mkdirSync(join(this.root, "sys/devices/nic"), { recursive: true })
    symlinkSync("../../../devices/nic", join(this.root, "sys/class/net/eth0/device"))
  }

  /** `device`: a block device to stand for the disk; else a plain file of `size` bytes is made. */
  disk(name: string, size: number, more: { serial?: string; device?: string; zeroes?: number } = {}): string {
    const path = join(this.root, "dev", name)
    this.#put(`sys/block/${name}/size`, `${size / 512}\n`)
    this.#put(`sys/block/${name}/queue/rotational`, "0\n")
    this.#put(`sys/block/${name}/queue/logical_block_size`, "512\n")
    this.#put(`sys/block/${name}/queue/write_zeroes_max_bytes`, `${more.zeroes ?? 0}\n`)
    if (more.serial) this.#put(`sys/block/${name}/serial`, `${more.serial}\n`)
    mkdirSync(dirname(path), { recursive: true })
    if (more.device) symlinkSync(more.device, path)
    else this.#dirtyFile(path, size)
    return path
  }

  /** Starts the real agent; `nodeOptions` bound its memory. */
  start(nodeOptions: readonly string[] = []): ChildProcess {
    this.#agent = spawn(process.execPath, [...nodeOptions, AGENT], {
      env: { PATH: process.env["PATH"], BIFROST_AGENT_ROOT: this.root, BIFROST_AGENT_PORT: "0" },
      stdio: ["ignore", "pipe", "pipe"],
    })
    for (const stream of [this.#agent.stdout!, this.#agent.stderr!]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        this.output += chunk
      })
    }
    return this.#agent
  }

  /** Highest resident memory of the agent so far, bytes. */
  peakMemory(): number {
    const status = readFileSync(`/proc/${this.#agent!.pid}/status`, "utf8")
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)![1]) * 1024
  }

  async kill(): Promise<void> {
    const agent = this.#agent
    if (!agent || agent.exitCode !== null || agent.signalCode !== null) return
    const exited = new Promise((resolve) => agent.once("exit", resolve))
    agent.kill("SIGKILL")
    await exited
  }

  async remove(): Promise<void> {
    await this.kill()
    rmSync(this.root, { recursive: true, force: true })
  }

  /** What an earlier tenant left: no byte of it may be seen where the image has zeros. */
  #dirtyFile(path: string, size: number): void {
    const junk = Buffer.alloc(1024 * 1024, 0xa5)
    writeFileSync(path, "")
    for (let done = 0; done < size; done += junk.length) {
      writeFileSync(path, junk.subarray(0, Math.min(junk.length, size - done)), { flag: "a" })
    }
    if (statSync(path).size !== size) throw new Error("the disk's file has another size")
  }

  #put(path: string, content: string): void {
    const full = join(this.root, path)
    mkdirSync(dirname(full), { recursive: true })
    writeFileSync(full, content)
  }
}

/** A conductor's call of the agent. */
export async function command(
  service: FakeService,
  name: string,
  params: unknown,
  options: { wait?: boolean; token?: string } = {},
): Promise<{ status: number; body: CommandResult }> {
  await service.until(() => service.heartbeats.length > 0)
  const { wait = true, token = TOKEN } = options
  const url = `${service.heartbeats.at(-1)!.callback_url}/v1/commands/?wait=${wait}&agent_token=${token}`
  const response = await fetch(url, { method: "POST", body: JSON.stringify({ name, params }) })
  return { status: response.status, body: (await response.json()) as CommandResult }
}
