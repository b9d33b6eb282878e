import { chmodSync, mkdtempSync, rmSync, statSync } from "node:fs"
import { request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import Fastify from "fastify"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { parse } from "yaml"
import { agentRoutes } from "../../../src/api/agent.ts"
import { API_USER, hasApiPassword, newApiPassword, passwordCheck } from "../../../src/api/auth.ts"
import { listenOnLoopback, listenOnSocket } from "../../../src/api/listen.ts"
import { passwordRoute } from "../../../src/api/own/password.ts"
import { secretRoutes } from "../../../src/api/own/secrets.ts"
import { systemClock } from "../../../src/util/clock.ts"
import { Secret } from "../../../src/util/secret.ts"
import { startService } from "./service.ts"

let service: Awaited<ReturnType<typeof startService>>
beforeEach(async () => {
  service = await startService()
})
afterEach(() => service.close())

const post = (url: string, payload: object) => service.app.inject({ method: "POST", url, payload })
const get = (url: string) => service.app.inject({ url })
const hosts =
  "name,mac,bmc_address,bmc_password,groups,ip\nh0,52:54:00:aa:00:01,10.0.0.11,s3cret,control;network,172.22.0.11\n"
const enrolled = () => post("/v1/enrollments", { filename: "hosts.csv", content: hosts })

describe("enrolments", () => {
  test("answer with what was done, and the second time with nothing done", async () => {
    const dry = await post("/v1/enrollments", { filename: "hosts.csv", content: hosts, dry_run: true })
    expect(dry.json()).toMatchObject({ dry_run: true, added: 1 })
    expect((await enrolled()).json()).toMatchObject({ added: 1, nodes: [{ name: "h0", outcome: "added" }] })
    expect((await enrolled()).json()).toMatchObject({ added: 0, changed: 0, unchanged: 1 })
  })

  test("answer with every fault, and store nothing", async () => {
    const answer = await post("/v1/enrollments", { filename: "h.csv", content: "name,mac,bmc\nh_0,x,10.0.0.1\n" })
    expect(answer.statusCode).toBe(400)
    expect(answer.json().error).toMatchObject({
      code: "ENROLL_INVALID",
      faults: [
        { line: 2, column: 1 },
        { line: 2, column: 5 },
      ],
    })
    expect(await service.store.nodes.list()).toEqual([])
  })
})

test("runs are started, listed, shown and aborted; an unknown node starts none", async () => {
  await enrolled()
  const started = await post("/v1/runs", { nodes: ["h0"], then_deploy: true, image: "debian-13" })
  expect(started.statusCode).toBe(202)
  const request = { nodes: ["h0"], then_deploy: true, image: "debian-13" }
  expect(started.json()).toMatchObject({ id: "run-1", kind: "provision", status: "running", request })
  expect((await post("/v1/runs", { nodes: ["h9"] })).statusCode).toBe(404)
  expect((await post("/v1/runs", { nodes: "h0" })).statusCode).toBe(400)
  expect((await get("/v1/runs?status=running")).json().runs).toHaveLength(1)
  expect((await post("/v1/runs/run-1/abort", {})).json()).toMatchObject({ status: "aborted" })
  expect((await get("/v1/runs/run-1")).json()).toMatchObject({ status: "aborted" })
  expect((await get("/v1/runs/run-9")).statusCode).toBe(404)
  expect((await get("/v1/runs?status=odd")).statusCode).toBe(400)
})

describe("the inventory", () => {
  test("for Ansible, as a script gives it and as a file", async () => {
    await enrolled()
    const vars = {
      ansible_host: "172.22.0.11",
      ansible_user: "root",
      state: "enroll",
      host_groups: ["control", "network"],
    }
    const script = (await get("/v1/inventory?format=ansible")).json()
    expect(script).toMatchObject({
      _meta: { hostvars: { h0: vars } },
      baremetal: { hosts: ["h0"] },
      control: { hosts: ["h0"] },
    })
    const file = parse((await get("/v1/inventory?format=yaml")).body)
    expect(file.all).toMatchObject({ hosts: { h0: vars }, children: { network: { hosts: { h0: {} } } } })
    expect((await get("/v1/inventory?format=ini")).statusCode).toBe(400)
  })

  test("takes the address from a lease where the file says none, and only nodes of one state", async () => {
    await post("/v1/enrollments", { filename: "h.csv", content: hosts.replace(/172.22.0.11/, "") })
    const lease = { mac: "52:54:00:aa:00:01", client_id: null, hostname: null, state: "bound", expires_at: 0 } as const
    await service.store.leases.put({ address: "172.22.0.99", ...lease })
    expect((await get("/v1/inventory")).json().hosts).toMatchObject([{ name: "h0", address: "172.22.0.99" }])
    expect((await get("/v1/inventory?state=active")).json().hosts).toEqual([])
  })
})

describe("events", () => {
  const append = (kind: string, run_id: string | null = null) =>
    service.store.events.append({ kind, node_uuid: null, run_id, data: { n: 1 } })

  /** Reads a stream until it said `count` events. */
  async function listen(path: string, count: number, headers: Record<string, string> = {}, meanwhile = async () => {}) {
    const port = await listenOnLoopback(service.app, 0)
    return new Promise<string[]>((resolve, reject) => {
      const sent = request({ port, path, headers: { accept: "text/event-stream", ...headers } }, async (answer) => {
        expect(answer.headers["content-type"]).toBe("text/event-stream")
        let text = ""
        answer.setEncoding("utf8").on("data", (chunk) => {
          text += chunk
          const events = text.split("\n\n").filter((frame) => frame.startsWith("id:"))
          if (events.length < count) return
          sent.destroy()
          resolve(events)
        })
        await meanwhile()
      })
      sent.on("error", reject).end()
    })
  }

  test("are listed from an id on", async () => {
    const first = await append("a")
    await append("b", "r1")
    expect((await get("/v1/events")).json().events).toHaveLength(2)
    expect((await get(`/v1/events?since=${first.id}`)).json().events).toMatchObject([{ kind: "b", data: { n: 1 } }])
    expect((await get("/v1/events?run=r1")).json().events).toHaveLength(1)
    expect((await get("/v1/events?node=nobody")).statusCode).toBe(404)
    expect((await get("/v1/events?since=x")).statusCode).toBe(400)
  })

  test("stream on from the last one seen, then as they come", async () => {
    const first = await append("a")
    await append("b")
    const frames = await listen("/v1/events", 3, { "last-event-id": String(first.id) }, async () => {
      await append("c")
      await append("d")
    })
    expect(frames.map((frame) => /event: (\w)/.exec(frame)?.[1])).toEqual(["b", "c", "d"])
    expect(frames[0]).toBe(
      `id: 2\nevent: b\ndata: ${JSON.stringify((await service.store.events.since(1, { limit: 1 }))[0])}`,
    )
  })

  test("begin with the last ones when asked to", async () => {
    expect((await get("/v1/events?last=2")).json().events).toEqual([])
    for (const kind of ["a", "b", "c"]) await append(kind)
    expect((await get("/v1/events?last=2")).json().events).toMatchObject([{ kind: "b" }, { kind: "c" }])
    const frames = await listen("/v1/events?last=2", 3, {}, async () => void (await append("d")))
    expect(frames.map((frame) => /event: (\w)/.exec(frame)?.[1])).toEqual(["b", "c", "d"])
  })

  test("stream only what is new when no id is named, and only of the run asked for", async () => {
    await append("old", "r1")
    const frames = await listen("/v1/events?run=r1", 1, {}, async () => {
      await append("other")
      await append("new", "r1")
    })
    expect(frames).toEqual([expect.stringContaining("event: new")])
  })

  test("more than a page of them arrive whole and in order", async () => {
    await service.store.transaction(async (inside) => {
      for (let n = 0; n < 1200; n++) await inside.events.append({ kind: "x", node_uuid: null, run_id: null, data: {} })
    })
    const frames = await listen("/v1/events?since=0", 1200)
    expect(frames.map((frame) => Number(/id: (\d+)/.exec(frame)?.[1]))).toEqual(
      Array.from({ length: 1200 }, (_, n) => n + 1),
    )
  })
})

describe("listeners", () => {
  test("the socket is its owner's; a stale one is replaced, a live one is not", async () => {
    const folder = mkdtempSync(join(tmpdir(), "bifrost-api-"))
    const path = join(folder, "run", "api.sock")
    const other = await startService()
    try {
      await listenOnSocket(service.app, path)
      expect(statSync(join(folder, "run")).mode & 0o777).toBe(0o700)
      expect(statSync(path).mode & 0o777).toBe(0o600)
      await expect(listenOnSocket(other.app, path)).rejects.toMatchObject({ code: "SOCKET_TAKEN" })
    } finally {
      await other.close()
      chmodSync(folder, 0o700)
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test("over TCP only on this machine, and only with the password", async () => {
    await expect(listenOnLoopback(service.app, 0, "0.0.0.0")).rejects.toMatchObject({ code: "NOT_LOOPBACK" })
    expect(await hasApiPassword(service.store)).toBe(false)
    const password = (await newApiPassword(service.store)).reveal()
    expect(JSON.stringify(await service.store.settings.get("api_password"))).not.toContain(password)
    const guarded = await startService({ authenticate: passwordCheck(service.store) })
    const basic = (user: string, word: string) => `Basic ${Buffer.from(`${user}:${word}`).toString("base64")}`
    const status = async (authorization?: string, url = "/v1/nodes") =>
      (await guarded.app.inject({ url, headers: { ...(authorization && { authorization }) } })).statusCode
    expect(await status()).toBe(401)
    expect(await status(basic(API_USER, "wrong"))).toBe(401)
    expect(await status(basic("root", password))).toBe(401)
    expect(await status(basic(API_USER, password))).toBe(200)
    expect(await status(basic(API_USER, password))).toBe(200)
    expect(await status(basic(API_USER, `${password}x`))).toBe(401)
    expect(await status(undefined, "/")).toBe(200)
    expect(await status(undefined, "/v1/nothing")).toBe(401)
    await newApiPassword(service.store)
    expect(await status(basic(API_USER, password))).toBe(401)

    passwordRoute(service.app, service)
    const made = (await service.app.inject({ method: "POST", url: "/v1/api-password" })).json()
    expect(made.user).toBe(API_USER)
    expect(await status(basic(made.user, made.password))).toBe(200)
    const headers = { authorization: basic(made.user, made.password) }
    const overTcp = await guarded.app.inject({ method: "POST", url: "/v1/api-password", headers })
    expect(overTcp.statusCode).toBe(404)
    await guarded.close()
  })
})

describe("the agent's routes", () => {
  const listener = async () => {
    const app = Fastify()
    await app.register(agentRoutes, { conductor: service.conductor })
    return app
  }
  const uuid = "a8cb6624-0d9f-c882-affc-046ebb96ec01"

  test("hand what agents say to the conductor", async () => {
    const app = await listener()
    const send = async (url: string, payload: object) => (await app.inject({ method: "POST", url, payload })).statusCode
    const beat = { callback_url: "http://172.22.0.11:9999", agent_token: "t", agent_version: "11.0.0", new_field: 1 }
    const progress = { agent_token: "t", step: "write_image", done: 1, total: 2, message: "" }
    expect((await app.inject("/v1/lookup?addresses=52:54:00:aa:00:01,52:54:00:aa:00:02&node_uuid=x")).statusCode).toBe(
      404,
    )
    const headers = { "x-bifrost-boot-key": "0a".repeat(32) }
    expect((await app.inject({ url: "/v1/lookup?addresses=52:54:00:aa:00:01", headers })).statusCode).toBe(404)
    expect(await send(`/v1/heartbeat/${uuid}`, beat)).toBe(202)
    expect(await send(`/v1/agent/${uuid}/progress`, progress)).toBe(204)
    expect(await send(`/v1/first-boot/${uuid}`, { token: "x" })).toBe(204)
    expect(service.calls).toEqual([
      ["lookup", { addresses: ["52:54:00:aa:00:01", "52:54:00:aa:00:02"], node_uuid: "x" }],
      ["lookup", { addresses: ["52:54:00:aa:00:01"], boot_key: expect.any(Secret) }],
      ["heartbeat", uuid, beat],
      ["progress", uuid, progress],
      ["firstBoot", uuid, "x"],
    ])
    expect((await app.inject("/")).json().default_version.version).toBe("1.115")
    await app.close()
  })

  test("offer nothing of the operator's API, and refuse what is no message", async () => {
    const app = await listener()
    expect((await app.inject("/v1/nodes")).statusCode).toBe(404)
    const refused = await app.inject({ method: "POST", url: `/v1/heartbeat/${uuid}`, payload: { callback_url: 5 } })
    expect(refused.statusCode).toBe(400)
    const endless = await app.inject({
      ...{ method: "POST", url: `/v1/agent/${uuid}/progress`, headers: { "content-type": "application/json" } },
      payload: '{"agent_token":"t","step":"write_image","done":1e999,"total":2,"message":""}',
    })
    expect(endless.statusCode).toBe(400)
    const large = await app.inject({
      method: "POST",
      url: `/v1/first-boot/${uuid}`,
      payload: { token: "x".repeat(100_000) },
    })
    expect(large.statusCode).toBe(413)
    expect(service.calls).toEqual([])
    await app.close()
  })
})

describe("secrets", () => {
  test("are listed without values, shown one at a time, and the event tells which", async () => {
    secretRoutes(service.app, { store: service.store, clock: systemClock, services: [] })
    await service.store.secrets.put("site", "aodh_database_password", new Secret("hunter2"))
    const list = await service.app.inject({ url: "/v1/secrets" })
    expect(list.body).not.toContain("hunter2")
    expect(list.json().secrets).toMatchObject([{ name: "aodh_database_password", service: null, present: true }])
    const shown = await service.app.inject({ url: "/v1/secrets/aodh_database_password" })
    expect(shown.headers["cache-control"]).toBe("no-store")
    expect(shown.json()).toEqual({ name: "aodh_database_password", value: "hunter2" })
    const events = await service.store.events.since(0)
    expect(events.at(-1)).toMatchObject({ kind: "secret.shown", data: { names: ["aodh_database_password"] } })
    expect(JSON.stringify(events)).not.toContain("hunter2")
  })

  test("are no matter of the listener over TCP", async () => {
    expect((await service.app.inject({ url: "/v1/secrets" })).statusCode).toBe(404)
    expect((await service.app.inject({ url: "/v1/secrets/keystone_admin_password" })).statusCode).toBe(404)
  })
})
