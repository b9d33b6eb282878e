import { spawn } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { run } from "../../../src/util/run.ts"
import { startOnSocket } from "./service.ts"

let service: Awaited<ReturnType<typeof startOnSocket>>
beforeAll(async () => {
  service = await startOnSocket()
})
afterAll(() => service.close())

const program = ["--disable-warning=ExperimentalWarning", new URL("../../../src/cli/main.ts", import.meta.url).pathname]

/** Runs the command line as a user would; the exit code is part of the result. */
async function cli(args: readonly string[], more: NodeJS.ProcessEnv = {}) {
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, BIFROST_STATE: service.state, ...more }
  const { code, stdout, stderr } = await run(process.execPath, [...program, ...args], { env, accept: [1, 3, 130] })
  return { code, out: stdout.trimEnd(), err: stderr.trimEnd() }
}

function hosts(name: string, content: string): string {
  const file = join(service.state, name)
  writeFileSync(file, content)
  return file
}

const header = "name,mac,bmc_address,bmc_password,groups\n"

test("the main commands, one after another", async () => {
  const first = hosts(
    "hosts.csv",
    `${header}h0,52:54:00:aa:00:01,10.0.0.11,s3cret,control;network\nh1,52:54:00:aa:00:02,10.0.0.12,x,\n`,
  )
  const dry = await cli(["enroll", "--dry-run", first])
  expect(dry.out).toContain("2 added, 0 changed, 0 unchanged, if it were not a dry run.")
  const added = [
    "  + h0   52:54:00:aa:00:01   ipmi 10.0.0.11   control network",
    "  + h1   52:54:00:aa:00:02   ipmi 10.0.0.12",
    "2 added, 0 changed, 0 unchanged.",
  ]
  expect(await cli(["enroll", first])).toEqual({ code: 0, out: added.join("\n"), err: "" })

  const second = hosts(
    "hosts.csv",
    `${header}h0,52:54:00:aa:00:01,10.0.0.21,other,control;network\nh1,52:54:00:aa:00:02,10.0.0.12,x,\n`,
  )
  const changed = [
    "  ~ h0   bmc address 10.0.0.11 → 10.0.0.21",
    "         bmc password ****** → ******",
    "  = h1",
    "0 added, 1 changed, 1 unchanged.",
  ]
  expect((await cli(["enroll", second])).out).toBe(changed.join("\n"))

  expect((await cli(["node", "list"])).out.split("\n")[1]).toMatch(/^h0 +enroll +10\.0\.0\.21 +control network$/)
  expect((await cli(["node", "manage", "h0"])).out).toContain("h0 is manageable")
  expect((await cli(["explain", "h0"])).out).toBe(" h0 is manageable.")
  expect((await cli(["node", "power", "on", "h0"])).out).toBe("h0: power on")
  expect(await cli(["node", "validate", "h0"])).toMatchObject({
    code: 1,
    out: expect.stringContaining("✘ deploy  instance_info.image_source is not set"),
  })
  const shown = JSON.parse((await cli(["node", "show", "h0", "--json"])).out)
  expect(shown).toMatchObject({ macs: ["52:54:00:aa:00:01"], driver_info: { ipmi_password: "******" } })
  expect(JSON.parse((await cli(["inventory", "--format", "ansible"])).out).control).toEqual({ hosts: ["h0"] })
  expect((await cli(["events", "--node", "h0"])).out).toMatch(/h0 {2}enroll\.added/)
  expect((await cli(["node", "delete", "h1"])).out).toBe("- h1")
}, 90_000)

describe("what goes wrong is told with what to do, and an exit code", () => {
  test("every error of a file", async () => {
    const file = hosts("bad.csv", `${header}h_0,52:54:00:bb:00:01,10.0.0.31,s3cret,\nh2,zz,10.0.0.32,s3cret,\n`)
    const { code, out, err } = await cli(["enroll", file])
    expect([code, out]).toEqual([1, ""])
    expect(err).toContain('error line 2, column 1: name "h_0"')
    expect(err).toContain('error line 3, column 4: MAC "zz"')
    expect(err).toContain("2 errors; nothing was changed.")
    expect(err).not.toContain("s3cret")
  })

  test("an unknown node, a missing file, a service that is not there", async () => {
    expect(await cli(["explain", "nobody"])).toMatchObject({ code: 1, err: expect.stringContaining("nobody") })
    expect(await cli(["enroll", "/no/such/file"])).toMatchObject({ code: 1, err: expect.stringContaining("ENOENT") })
    const down = await cli(["node", "list"], { BIFROST_STATE: "/no/such/state" })
    expect(down).toMatchObject({ code: 3, err: expect.stringContaining("Start it: bifrost-ts up") })
    expect((await cli(["node", "power", "fly", "h0"])).err).toContain("soft-reboot")
  }, 60_000)
})

test("provision tells its lines, ends with the run, and Ctrl-C leaves it", async () => {
  const env = { ...process.env, NO_COLOR: "1", BIFROST_STATE: service.state }
  const started = (args: string[]) => {
    const child = spawn(process.execPath, [...program, ...args], { env })
    let text = ""
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      text += chunk
    })
    const saw = async (word: string) => {
      while (!text.includes(word)) await new Promise((resolve) => child.stdout.once("data", resolve))
    }
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve))
    return { child, saw, ended, text: () => text }
  }
  const tell = (kind: string, data: object) =>
    service.store.events.append({ kind, node_uuid: null, run_id: "run-1", data: data as never })

  const first = started(["provision", "h0", "--then-deploy"])
  await first.saw("h0  ")
  expect(await service.store.runs.list()).toMatchObject([{ request: { nodes: ["h0"], then_deploy: true } }])
  first.child.kill("SIGINT")
  expect(await first.ended).toBe(130)
  expect(first.text()).toContain("run run-1 goes on. Watch it: bifrost-ts run watch run-1")

  const second = started(["run", "watch"])
  await second.saw("h0  ")
  await tell("run.step", { step: "h0/keystone", phase: "end", status: "changed", seconds: 4 })
  await second.saw("h0/keystone  changed  4 s")
  const result = { active: ["h0"], deploy: { endpoints: { keystone: "http://x:5000/v3" }, changed: ["a"] } }
  await service.store.runs.update("run-1", {
    status: "succeeded",
    result,
    ended_at: Date.parse("2026-03-01T12:01:05.000Z"),
  })
  await tell("run.end", {})
  expect(await second.ended).toBe(0)
  expect(second.text()).toContain("provision succeeded after 1:05")
  expect(second.text()).toContain("keystone  http://x:5000/v3")
  expect((await cli(["run", "list"])).out).toMatch(/run-1 +provision +succeeded/)
  expect((await cli(["run", "show", "run-1"])).out).toContain("1 node active: h0")
}, 90_000)

test("completion in a real bash: commands, their commands, options, files", async () => {
  const script = (await cli(["completion", "bash"])).out
  const complete = async (...words: string[]) => {
    const line = words.map((word) => `'${word}'`).join(" ")
    const ask = `COMP_WORDS=(bifrost-ts ${line}); COMP_CWORD=${words.length}; _bifrost_ts; echo "\${COMPREPLY[@]}"`
    return (await run("bash", ["-c", `${script}\n${ask}`])).stdout.trim().split(" ")
  }
  expect(await complete("prov")).toEqual(["provision"])
  expect(await complete("node", "po")).toEqual(["power"])
  expect(await complete("provision", "h0", "--then")).toEqual(["--then-deploy"])
  expect(await complete("enroll", "/etc/host")).toContain("/etc/hosts")
}, 60_000)
