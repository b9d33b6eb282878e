import { randomBytes } from "node:crypto"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { services } from "../../services/index.ts"
import { namesFor } from "../../src/provisioner/spec.ts"
import { run } from "../../src/util/run.ts"
import { oneServer } from "../journey/cloud.ts"
import { touchedBy, writeOption } from "../journey/option.ts"
import { Journey } from "../journey/run.ts"
import { type Measured, measure, peakMbOf } from "./command.ts"

/** A container host in a lab of its own, and what is measured on it. */
export class BenchCloud {
  readonly journey = new Journey(console.error)
  /** The administrator's, known beforehand so that whoever asks the APIs can do so from the first moment on. */
  readonly #password = randomBytes(16).toString("hex")
  readonly #types = services.flatMap(({ catalog = [] }) => catalog.map(({ type }) => type))

  /** Up to a host that is adopted and has the images, and nothing of the cloud. */
  async prepare(): Promise<void> {
    const { journey } = this
    const { stages, ...plan } = oneServer()
    await journey.run({ ...plan, stages: (options) => stages(options).filter(({ name }) => name !== "provision") })
    const passwords = join(journey.state, "passwords.yml")
    writeFileSync(passwords, `keystone_admin_password: ${this.#password}\n`, { mode: 0o600 })
    for (const args of [["provision"], ["secrets", "import", passwords], ["pull"]]) await this.measure(args)
  }

  async measure(args: readonly string[]): Promise<Measured> {
    const measured = await measure(this.journey.state, args)
    console.error(`${measured.seconds.toFixed(1).padStart(6)} s  bifrost-ts ${args.join(" ")}`)
    return measured
  }

  /** Seconds from `begin` until all APIs have answered, what `begin` came to, and the seconds of each API. */
  async untilAnswers<T>(
    begin: () => Promise<T>,
  ): Promise<{ seconds: number; result: T; each: Record<string, number> }> {
    const program = ["node", "--disable-warning=ExperimentalWarning", "scripts/bench/answers.ts"]
    const asking = this.journey.exec(
      ...["env", `OS_PASSWORD=${this.#password}`, ...program, await this.#keystone(), ...this.#types],
    )
    const started = Date.now()
    const [result, { code, stdout, stderr }] = await Promise.all([begin(), asking])
    if (code !== 0) throw new Error(`the APIs could not be asked: ${stderr}`)
    const times = Object.entries(JSON.parse(stdout) as Record<string, number>)
    const each = times.map(([type, at]) => [type, (at - started) / 1000] as const).sort(([, a], [, b]) => a - b)
    return { seconds: each.at(-1)?.[1] ?? 0, result, each: Object.fromEntries(each) }
  }

  /** Builds the core images from nothing, under names of their own, which are gone afterwards. */
  async buildImages(): Promise<Measured> {
    const namespace = "bifrost-bench"
    try {
      return await this.measure([
        ...["images", "build", "containers", "--profile", "core", "--refresh", "--namespace", namespace],
      ])
    } finally {
      const names = ["--format", "{{.Repository}}:{{.Tag}}", "--filter", `reference=${namespace}/*`]
      const { stdout } = await run("docker", ["images", ...names])
      // By their names: what is equal to an image of the site stays under that one's.
      if (stdout !== "") await run("docker", ["rmi", ...stdout.trim().split("\n")])
    }
  }

  /** Deploys until nothing is left to do: on a busy machine a container may have become unhealthy meanwhile. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) {
      const { code } = await this.journey.bifrost(["plan"])
      if (code === 0) return
      await this.measure(["deploy"])
    }
    throw new Error("the cloud does not come to rest: bifrost-ts plan still says that something differs")
  }

  /** Changes an option of a service and deploys. Rejects when that touches a container that is not the service's. */
  async change(service: string, option: string, value: string): Promise<Measured> {
    writeOption(this.journey, service, option, value)
    const { result, touched } = await touchedBy(this.journey, () => this.measure(["deploy"]))
    const own = services.find(({ name }) => name === service)?.containers.map(({ name }) => name) ?? []
    const others = touched.filter((name) => !own.includes(name))
    if (touched.length === 0 || others.length > 0)
      throw new Error(`an option of ${service} touched ${touched.join(", ") || "nothing"}`)
    return result
  }

  /** What the latest run's seconds went into. */
  async timeline(): Promise<string> {
    return (await this.journey.bifrost(["run", "show", "--timeline"])).stdout
  }

  /** The most memory that the provisioner's service ever had. */
  async servicePeakMb(): Promise<number> {
    const { stdout } = await run("docker", ["top", namesFor(this.journey.lab).service, "-eo", "pid"])
    return Math.max(
      ...stdout
        .trim()
        .split("\n")
        .slice(1)
        .map((pid) => peakMbOf(Number(pid))),
    )
  }

  /** Before there is a cloud, a plan says where it will be. */
  async #keystone(): Promise<string> {
    const { stdout } = await this.journey.bifrost(["plan", "--json"])
    return (JSON.parse(stdout) as { endpoints: { keystone: string } }).endpoints.keystone
  }
}
