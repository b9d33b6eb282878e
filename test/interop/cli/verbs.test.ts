import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import { afterAll, beforeAll, expect, test } from "vitest"
import { listenOnSocket } from "../../../src/api/listen.ts"
import type { SiteServices } from "../../../src/api/ports.ts"
import type { CarriedUnit } from "../../../src/deploy/carried.ts"
import { checkResult } from "../../../src/deploy/checks/finding.ts"
import { RunEngine, type RunKind } from "../../../src/service/runs/engine.ts"
import type { JsonObject } from "../../../src/store/records.ts"
import { systemClock as clock } from "../../../src/util/clock.ts"
import { inState } from "../../../src/util/paths.ts"
import { run } from "../../../src/util/run.ts"
import { startService } from "../../unit/api/service.ts"

/** A cloud of one container: what the verbs ask of the service is kept, and answered as a deployer would. */
const world = { deployed: false, asked: [] as JsonObject[] }
const change = { step: "h1/container/nova_api", action: "create", target: "container nova_api" }

const site = (word: string, undoes = false): RunKind => ({
  async check(request) {
    if (word === "destroy" && !request["dry_run"] && request["confirm"] !== "RegionOne") throw new Error("unconfirmed")
  },
  async execute({ run: { request }, tell }) {
    world.asked.push({ word, ...request })
    const planned = world.deployed === undoes ? [change] : []
    const base = { dryRun: request["dry_run"] ?? false, region: "RegionOne", failed: [], skipped: [], endpoints: {} }
    if (request["dry_run"]) return { ...base, planned, changed: [] }
    const { step } = change
    await tell("run.plan", { dry_run: false, steps: [step], after: { [step]: [] } })
    await tell("run.step", { step, phase: "begin" })
    const times = { started_at: clock.now() - 4000, ended_at: clock.now(), seconds: 4, waited: 1 }
    await tell("run.step", { step, phase: "end", status: "changed", changes: [], ...times })
    world.deployed = !undoes
    return { ...base, planned, changed: planned.map((each) => each.step) }
  },
})
const check: RunKind = {
  check: async () => {},
  async execute() {
    const finding = { host: "h1", check: "disk", status: "failed", detail: "1 GB", remedy: "Add some." } as const
    return checkResult([finding]) as unknown as JsonObject
  },
}
const unit: CarriedUnit = {
  ...{ host: "h1", service: "nova", container: "nova_api", task: false, state: "running", health: "healthy" },
  status: "Up 2 hours (healthy)",
}
const services: SiteServices = {
  list: async () => [unit],
  logs: async (container, options) => Readable.from([`${container} ${JSON.stringify(options)}\n`]),
  exec: async (container, { command, host }) => ({
    code: 7,
    stdout: [container, host, ...command].join(" "),
    stderr: "e",
  }),
}

const state = mkdtempSync(`${tmpdir()}/bifrost-verbs-`)
let service: Awaited<ReturnType<typeof startService>>
beforeAll(async () => {
  let engine: RunEngine | undefined
  const runs = {
    start: (...args: Parameters<RunEngine["start"]>) => engine!.start(...args),
    abort: (id: string) => engine!.abort(id),
  }
  service = await startService({ runs, services })
  const kinds = { deploy: site("deploy"), destroy: site("destroy", true), check }
  engine = new RunEngine({ store: service.store, clock, kinds })
  await listenOnSocket(service.app, inState.apiSocket({ state, cache: state }))
})
afterAll(async () => {
  await service.close()
  rmSync(state, { recursive: true, force: true })
})

const program = ["--disable-warning=ExperimentalWarning", new URL("../../../src/cli/main.ts", import.meta.url).pathname]
async function cli(...args: string[]) {
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, BIFROST_STATE: state }
  const { code, stdout, stderr } = await run(process.execPath, [...program, ...args], { env, accept: [1, 2, 7] })
  return { code, out: stdout.trimEnd(), err: stderr.trimEnd() }
}

test("deploy shows its plan, does it, and the second time has nothing to do", async () => {
  expect(await cli("plan")).toMatchObject({ code: 2, out: expect.stringContaining("+ create container nova_api") })
  const first = await cli("deploy", "--only", "nova", "--host", "h1", "--until", "nova", "--with-dependencies")
  expect(first.code).toBe(0)
  expect(first.out).toMatch(/1 container\. Nothing else is touched\..*deploy succeeded.*1 step changed something/s)
  expect(world.asked.at(-1)).toEqual({
    ...{ word: "deploy", only: ["nova"], hosts: ["h1"], until: "nova", with_dependencies: true },
  })
  const asked = world.asked.length
  expect(await cli("reconfigure")).toEqual({ code: 0, out: "Nothing to change.", err: "" })
  expect(world.asked.slice(asked)).toEqual([{ word: "deploy", dry_run: true }])
}, 60_000)

test("a run's time and graph are drawn when it is over", async () => {
  const { runs } = JSON.parse((await cli("run", "list", "--json")).out.replace(/^\[/, '{"runs":[').replace(/\]$/, "]}"))
  const id = runs.find(({ request }: { request: JsonObject }) => !request["dry_run"]).id
  const shown = await cli("run", "show", id, "--timeline")
  expect(shown.out).toMatch(/h1\/container\/nova_api +4\.0 s +░+█+/)
  const file = join(state, "run.svg")
  expect((await cli("run", "show", id, "--svg", file)).out).toBe(file)
  expect(readFileSync(file, "utf8")).toContain("h1/container/nova_api: changed, 4.0 s")
  expect((await cli("run", "graph", id, "--svg", file)).out).toBe(file)
  expect(readFileSync(file, "utf8")).toContain("container/nova_api")
  expect(await cli("run", "graph", id, "--svg", join(state, "no", "x"))).toMatchObject({
    code: 1,
    err: expect.stringContaining("FILE_UNWRITABLE"),
  })
}, 60_000)

test("destroy does nothing without a confirmation", async () => {
  const refused = await cli("destroy")
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("NOT_CONFIRMED") })
  expect(world.asked.at(-1)).toEqual({ word: "destroy", dry_run: true })
  expect(world.deployed).toBe(true)
  expect((await cli("destroy", "--include-data", "--yes-i-really-really-mean-it")).code).toBe(0)
  expect(world.asked.at(-1)).toEqual({ word: "destroy", include_data: true, confirm: "RegionOne" })
  expect(world.deployed).toBe(false)
}, 60_000)

test("checks end with 1 when something is not well, and say what to do", async () => {
  const told = await cli("check")
  expect(told.code).toBe(1)
  expect(told.out.split("\n")).toEqual([
    ...["h1  0 of 1 check well", "  ✘ disk  1 GB", "          Add some.", "1 failed, 0 warnings."],
  ])
  expect(JSON.parse((await cli("check", "--json")).out)).toMatchObject({ failed: 1 })
}, 60_000)

test("services are listed, their logs told, programs run in them", async () => {
  expect((await cli("service", "list")).out.split("\n")[1]).toBe(
    "h1    nova     nova_api   healthy  Up 2 hours (healthy)",
  )
  expect(JSON.parse((await cli("service", "list", "--host", "h2", "--json")).out)).toEqual([])
  const logs = await cli("service", "logs", "nova_api", "--tail", "5", "--host", "h1")
  expect(logs.out).toBe('nova_api {"host":"h1","tail":5,"follow":false}')
  expect(await cli("service", "exec", "--host", "h1", "nova_api", "--", "ls", "-l")).toEqual({
    ...{ code: 7, out: "nova_api h1 ls -l", err: "e" },
  })
}, 60_000)
