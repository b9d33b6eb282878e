import { mkdtempSync, rmSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, beforeAll, expect, it } from "vitest"
import { agentCommands } from "../../../src/agent/commands.ts"
import { agentLog } from "../../../src/agent/logs.ts"
import type { AgentNode, CommandResult } from "../../../src/agent/protocol.ts"
import { CommandRegistry } from "../../../src/agent/registry.ts"
import { type Api, agentApi, type Listening, listen } from "../../../src/agent/server.ts"
import { kernelFiles } from "../../../src/agent/sysfs.ts"
import { systemClock } from "../../../src/util/clock.ts"
import { Secret } from "../../../src/util/secret.ts"

const TOKEN = "t".repeat(32)
const node: AgentNode = { uuid: "n1", properties: {}, instance_info: {}, driver_internal_info: {} }

let root: string
let api: Api
let listening: Listening
/** The agent's own commands on a machine without a disk: nothing can be written. */
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "bifrost-agent-"))
  const log = agentLog(systemClock.now, () => {})
  const around = { files: kernelFiles(root), clock: systemClock, log, bootMac: undefined, report: () => {} }
  const commands = agentCommands({ ...around, node: () => node, leaveLater: () => {} })
  api = agentApi(new CommandRegistry(commands, () => {}), new Secret(TOKEN), 1)
  listening = await listen(api, "127.0.0.1", 0)
})
afterAll(async () => {
  await listening.close()
  rmSync(root, { recursive: true })
})

const names = fc.constantFrom(
  ...["deploy.get_deploy_steps", "deploy.execute_deploy_step", "clean.execute_clean_step", "standby.prepare_image"],
  ...["standby.boot_image", "standby.get_partition_uuids", "image.install_bootloader", "poll.get_hardware_info"],
  ...["constructor", "__proto__", ""],
)
const keys = fc.constantFrom(
  ...["step", "node", "ports", "deploy_version", "clean_version", "args", "image_info", "urls", "configdrive", "kexec"],
  ...["instance_info", "properties", "root_device", "size", "toString", "toJSON", "constructor", "bifrost"],
)
const scalars = fc.oneof(
  fc.constantFrom("write_image", "erase_devices_metadata", ">= 20", "<or>", null, TOKEN),
  fc.jsonValue({ maxDepth: 1 }),
)
const { tree: params } = fc.letrec<{ tree: unknown; object: unknown }>((tie) => ({
  tree: fc.oneof({ depthSize: "medium" }, scalars, tie("object"), fc.array(tie("tree"), { maxLength: 2 })),
  object: fc.dictionary(keys, tie("tree"), { maxKeys: 4 }),
}))
/** A step as the conductor sends it, with anything in the place of one of its parts. */
const steps = fc
  .tuple(fc.constantFrom("step", "node", "ports", "deploy_version", "args", "image_info"), params)
  .map(([place, value]) => {
    const image_info = place === "image_info" ? value : { urls: ["http://172.22.0.1:8080/images/os"] }
    const args = place === "args" ? value : { image_info }
    return { step: { interface: "deploy", step: "write_image", args }, node, ports: [], [place]: value }
  })

it("takes any parameters of any command: what is wrong with them has a name", async () => {
  const url = `/v1/commands/?wait=true&agent_token=${TOKEN}`
  const given = fc.oneof(fc.tuple(names, params), fc.tuple(fc.constant("deploy.execute_deploy_step"), steps))
  await fc.assert(
    fc.asyncProperty(given, async ([name, params]) => {
      const { status, body } = await api({ method: "POST", url, body: JSON.stringify({ name, params }) })
      expect(status).toBeLessThan(500)
      expect((body as CommandResult).command_error?.type).not.toBe("AGENT_FAILED")
    }),
    { numRuns: 1000 },
  )
})

it("answers any request, and never for a fault of its own", async () => {
  const paths = fc.constantFrom("/", "/v1/status", "/v1/commands", "/v1/commands/", "//", "/[", "/v1/commands/%ff")
  const urls = fc
    .tuple(fc.oneof(paths, fc.webPath(), fc.string()), fc.oneof(fc.constant(`?agent_token=${TOKEN}`), fc.string()))
    .map((parts) => parts.join(""))
  const bodies = fc.oneof(fc.json(), fc.string())
  await fc.assert(
    fc.asyncProperty(fc.constantFrom("GET", "POST", "PUT", "HEAD"), urls, bodies, async (method, url, body) => {
      const { status, body: answer } = await api({ method, url, body })
      expect(status).toBeLessThan(500)
      expect(JSON.stringify(answer)).toMatch(/^\{/)
    }),
    { numRuns: 500 },
  )
})

it("lives through any bytes on its port", async () => {
  const { hostname, port } = new URL(listening.url)
  const say = (bytes: Uint8Array) =>
    new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.end(bytes))
      socket.on("error", () => {}).on("close", () => resolve())
      socket.resume()
    })
  const lines = fc.array(
    fc.constantFrom(
      ...["GET / HTTP/1.1\r\n", "POST /v1/commands HTTP/1.1\r\n", "CONNECT x:1 HTTP/1.1\r\n", "GET //[ HTTP/1.1\r\n"],
      ...["host: x\r\n", "content-length: 9\r\n", "transfer-encoding: chunked\r\n", "upgrade: x\r\n", "\r\n"],
      ...["expect: 100-continue\r\n", "connection: upgrade\r\n", "ffffffff\r\n", "{}"],
    ),
    { maxLength: 8 },
  )
  const requests = lines.map((parts) => Buffer.from(parts.join("")))
  for (const bytes of fc.sample(fc.oneof(requests, fc.uint8Array({ maxLength: 80 })), 150)) await say(bytes)
  const status = await fetch(`${listening.url}/v1/status`)
  expect(await status.json()).toMatchObject({ started_at: 1 })
})
