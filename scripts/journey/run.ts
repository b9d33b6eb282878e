import { spawn } from "node:child_process"
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import type { Leg } from "../../src/cli/show/timeline.ts"
import type { SiteFile } from "../../src/deploy/site.ts"
import { labLayout } from "../../src/lab/layout.ts"
import { inState } from "../../src/util/paths.ts"
import { fromBareMetal, type JourneyOptions, type Stage } from "./commands.ts"
import { identityOnly, writeSite } from "./site.ts"

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface StageTime {
  readonly stage: string
  readonly seconds: number
}

export interface Plan {
  /** The commands, in order. */
  readonly stages: (options: JourneyOptions) => readonly Stage[]
  /** Options of `lab up`. */
  readonly machines: readonly string[]
  readonly site: SiteFile
}

/** One BIOS and one UEFI machine, from blank disks to a Keystone. */
export const twoBareMachines: Plan = {
  stages: fromBareMetal,
  machines: ["--nodes", "2", "--firmware", "mixed", "--memory", "2G"],
  site: identityOnly,
}

/** The main job in a state directory and a lab of its own, driven by the command line alone, as a user would. */
export class Journey {
  readonly state = mkdtempSync("/var/tmp/bifrost-e2e-")
  readonly lab = `e2e-${process.pid}`
  readonly hostsCsv: string
  readonly #say: (line: string) => void

  constructor(say: (line: string) => void) {
    this.#say = say
    this.hostsCsv = join(inState.lab({ state: this.state, cache: "" }), this.lab, "hosts.csv")
  }

  /** Rejects at the first command that fails. */
  async run({ stages, machines, site }: Plan): Promise<StageTime[]> {
    const times: StageTime[] = []
    writeSite({ state: this.state, cache: "" }, site)
    for (const { name, args } of stages({ lab: this.lab, machines, hostsCsv: this.hostsCsv })) {
      const started = Date.now()
      this.#say(`$ bifrost-ts ${args.join(" ")}`)
      const { code, stdout, stderr } = await this.bifrost(args, this.#say)
      if (code !== 0) {
        const told = [...stdout.trimEnd().split("\n").slice(-20), ...stderr.trimEnd().split("\n").slice(-20)]
        throw new Error([`bifrost-ts ${args.join(" ")} ended with exit code ${code}`, ...told].join("\n"))
      }
      times.push({ stage: name, seconds: (Date.now() - started) / 1000 })
      if (name === "lab") this.#useCeph()
    }
    return times
  }

  /** What `lab up --ceph` says to do next. */
  #useCeph(): void {
    const paths = { state: this.state, cache: "" }
    const given = labLayout(paths, this.lab).ceph.config
    if (existsSync(given)) cpSync(given, join(inState.site(paths), "config"), { recursive: true })
  }

  /** `npm run demo`, with its own set-up. */
  demo(...args: string[]): Promise<Outcome> {
    return this.#spawn("npm", ["run", "--silent", "demo", "--", "--lab", this.lab, ...args], this.#say)
  }

  /** One command of the tool in this state directory. */
  bifrost(args: readonly string[], onLine: (line: string) => void = () => {}): Promise<Outcome> {
    return this.#spawn("bin/bifrost-ts", args, onLine)
  }

  #spawn(program: string, args: readonly string[], onLine: (line: string) => void): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const env = { ...process.env, BIFROST_STATE: this.state }
      const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] })
      const output = { stdout: "", stderr: "" }
      for (const name of ["stdout", "stderr"] as const) {
        let partial = ""
        child[name].setEncoding("utf8").on("data", (text: string) => {
          output[name] += text
          const lines = (partial + text).split("\n")
          partial = lines.pop() ?? ""
          for (const line of lines) onLine(line)
        })
      }
      child.on("error", reject)
      child.on("close", (code) => resolve({ code: code ?? 1, ...output }))
    })
  }

  async json<T>(args: readonly string[]): Promise<T> {
    const { code, stdout, stderr } = await this.bifrost([...args, "--json"])
    if (code !== 0) throw new Error(`bifrost-ts ${args.join(" ")} ended with exit code ${code}\n${stderr}`)
    return JSON.parse(stdout)
  }

  timeline(node: string): Promise<Leg[]> {
    return this.json(["timeline", node])
  }

  /** The real `openstack` client, inside the lab's network, as the cloud's administrator. */
  openstack(...words: string[]): Promise<Outcome> {
    const clouds = join(inState.access({ state: this.state, cache: "" }), "clouds.yaml")
    return this.exec("env", `OS_CLIENT_CONFIG_FILE=${clouds}`, "openstack", "--os-cloud", "bifrost", ...words)
  }

  /** A program inside the lab's network. */
  exec(...words: string[]): Promise<Outcome> {
    return this.bifrost(["lab", "exec", "--name", this.lab, "--", ...words])
  }

  ssh(node: string, ...words: string[]): Promise<Outcome> {
    return this.bifrost(["lab", "ssh", "--name", this.lab, node, ...words])
  }

  /** As a user ends it: the lab goes, and what the provisioner knows stays. Each command's exit code. */
  async end(): Promise<number[]> {
    const down = await this.bifrost(["down", "--lab", this.lab], this.#say)
    const labDown = await this.bifrost(["lab", "down", "--name", this.lab], this.#say)
    return [down.code, labDown.code]
  }

  /** Removes every process, container, namespace and file that it made. */
  async takeDown(): Promise<void> {
    await this.end()
    rmSync(this.state, { recursive: true, force: true })
  }
}
