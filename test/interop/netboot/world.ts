import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import type { EventRecord, JsonObject } from "../../../src/store/records.ts"
import type { ServeOptions } from "./serve.ts"

export interface Ended {
  readonly code: number | null
  readonly output: string
}

export interface Served {
  readonly events: EventRecord[]
  readonly logs: string[]
  /** Resolves with the first event, earlier ones included, that fits. */
  event(kind: string, fits?: (data: JsonObject) => boolean): Promise<EventRecord>
  /** Changes a node and resolves when that is stored. */
  change(fields: { uuid: string } & JsonObject): Promise<void>
  stop(): Promise<void>
}

/** The node that is being deployed, by its card; it has an address reserved for it. */
export const deployed = (mac: string) => ({
  ...{ uuid: "n1", name: "one", mac, provision_state: "wait call-back" as const },
  extra: { ipv4_address: "172.22.0.11" },
})

/** Network namespaces, processes and files of one test file; `destroy` removes them all. */
export interface World {
  readonly state: string
  /** The server's namespace, with the bridge `prov0`. */
  readonly hub: string
  /** Makes a namespace with `eth0` plugged into the bridge, without an address, and gives its name. */
  client(mac?: string): string
  ip(...args: string[]): void
  /** Runs a program in a namespace to its end. */
  run(namespace: string, command: string, ...args: string[]): Promise<Ended>
  /** Starts a program in a namespace; it is killed by `destroy` at the latest. */
  start(namespace: string, command: string, ...args: string[]): ChildProcess
  serve(options?: Partial<ServeOptions>): Promise<Served>
  destroy(): void
}

let count = 0

export function makeWorld(address = "172.22.0.1/24"): World {
  const name = `nb${process.pid}-${count++}`
  const hub = `${name}-hub`
  const namespaces: string[] = []
  const children = new Set<ChildProcess>()
  const folder = mkdtempSync(join(tmpdir(), "netboot-test-"))
  const state = join(folder, "state")
  for (const part of ["boot", "images", "run"]) mkdirSync(join(state, part), { recursive: true })

  const ip = (...args: string[]) => void execFileSync("ip", args)
  const add = (namespace: string) => {
    ip("netns", "add", namespace)
    namespaces.push(namespace)
    ip("-n", namespace, "link", "set", "lo", "up")
  }
  const start = (namespace: string, command: string, ...args: string[]) => {
    const child = spawn("ip", ["netns", "exec", namespace, command, ...args], { stdio: ["pipe", "pipe", "pipe"] })
    children.add(child)
    child.once("close", () => children.delete(child))
    return child
  }

  const world: World = {
    state,
    hub,
    ip,
    start,
    client(mac) {
      const namespace = `${name}-c${namespaces.length}`
      const peer = `p${namespaces.length}`
      add(namespace)
      ip("link", "add", peer, "netns", hub, "type", "veth", "peer", "name", "eth0", "netns", namespace)
      ip("-n", hub, "link", "set", peer, "master", "prov0", "up")
      if (mac) ip("-n", namespace, "link", "set", "eth0", "address", mac)
      ip("-n", namespace, "link", "set", "eth0", "up")
      return namespace
    },
    run: (namespace, command, ...args) =>
      new Promise((resolve, reject) => {
        const child = start(namespace, command, ...args)
        let output = ""
        for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += chunk))
        child.stdin?.end()
        child.once("error", reject)
        child.once("close", (code) => resolve({ code, output }))
      }),
    serve: (options = {}) => serve(world, options),
    destroy() {
      for (const child of children) child.kill("SIGKILL")
      for (const namespace of namespaces) execFileSync("ip", ["netns", "delete", namespace])
      rmSync(folder, { recursive: true, force: true })
    },
  }

  add(hub)
  // Bridge ports forward at once: spanning tree is off, and its delay with it.
  ip("-n", hub, "link", "add", "prov0", "type", "bridge", "forward_delay", "0")
  ip("-n", hub, "address", "add", address, "dev", "prov0")
  ip("-n", hub, "link", "set", "prov0", "up")
  // A bridge has a link while one of its ports has: somebody is always there.
  world.client()
  return world
}

async function serve(world: World, options: Partial<ServeOptions>): Promise<Served> {
  const all: ServeOptions = {
    interface: "prov0",
    address: "172.22.0.1",
    range: { from: "172.22.0.50", to: "172.22.0.59" },
    state: world.state,
    ...options,
  }
  const script = join(import.meta.dirname, "serve.ts")
  const child = world.start(world.hub, process.execPath, script, JSON.stringify(all))
  const events: EventRecord[] = []
  const logs: string[] = []
  const watchers = new Set<() => void>()
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()))
  let changes = 0
  let stderr = ""
  child.stderr?.on("data", (chunk) => (stderr += chunk))

  /** Resolves with the first defined value of `look`, tried now and after each line. */
  const until = <T>(what: string, look: () => T | undefined) =>
    new Promise<T>((resolve, reject) => {
      const again = () => {
        const value = look()
        if (value === undefined) return
        watchers.delete(again)
        resolve(value)
      }
      watchers.add(again)
      again()
      void closed.then(() => reject(new Error(`the server ended before ${what}: ${stderr}`)))
    })

  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const said = JSON.parse(line)
      if (said.ready) resolve()
      if (said.error) reject(Object.assign(new Error(said.message), { code: said.error }))
      if (said.event) events.push(said.event)
      if (said.log) logs.push(said.log)
      if (said.changed) changes++
      for (const watcher of watchers) watcher()
    })
    void closed.then(() => reject(new Error(`the server ended: ${stderr}`)))
  })

  return {
    events,
    logs,
    event: (kind, fits = () => true) =>
      until(kind, () => events.find((event) => event.kind === kind && fits(event.data))),
    async change(fields) {
      const before = changes
      child.stdin?.write(`${JSON.stringify(fields)}\n`)
      await until("the change", () => (changes > before ? true : undefined))
    },
    async stop() {
      child.stdin?.end()
      await closed
    },
  }
}
