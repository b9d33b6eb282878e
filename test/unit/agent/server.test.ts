import { expect, it } from "vitest"
import type { CommandResult } from "../../../src/agent/protocol.ts"
import { CommandRegistry } from "../../../src/agent/registry.ts"
import { agentApi } from "../../../src/agent/server.ts"
import { Secret } from "../../../src/util/secret.ts"

const TOKEN = "t".repeat(32)

function agent() {
  const done: string[] = []
  let finish = (_value: unknown) => {}
  const registry = new CommandRegistry(
    {
      "standby.sync": { sync: true, run: async () => null },
      "slow.step": {
        sync: false,
        run: () =>
          new Promise((resolve) => {
            finish = resolve
          }),
      },
      "failing.step": {
        sync: false,
        run: async () => {
          throw new Error("outer", { cause: new Error("inner") })
        },
      },
    },
    (result) => done.push(result.command_name),
  )
  const api = agentApi(registry, new Secret(TOKEN), 1)
  const post = async (name: string, query = "wait=false", params: unknown = {}) => {
    const { status, body } = await api({
      method: "POST",
      url: `/v1/commands/?${query}&agent_token=${TOKEN}`,
      body: JSON.stringify({ name, params }),
    })
    return { status, body: body as CommandResult }
  }
  return { api, post, done, finish: (value: unknown) => finish(value) }
}

it("answers 401 for a wrong, an empty and a missing token", async () => {
  const { api } = agent()
  const body = JSON.stringify({ name: "standby.sync", params: {} })
  for (const query of ["?agent_token=wrong", "?agent_token=", ""]) {
    expect((await api({ method: "POST", url: `/v1/commands/${query}`, body })).status).toBe(401)
  }
})

it("answers 400 for unknown commands and for what is no command, 404 for other paths", async () => {
  const { api, post } = agent()
  expect((await post("toString")).status).toBe(400)
  const url = `/v1/commands?agent_token=${TOKEN}`
  const deep = `{"name":"standby.sync","params":{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}}`
  for (const body of ["", "{", "[]", '{"name":1,"params":{}}', '{"name":"standby.sync","params":[]}', deep]) {
    expect((await api({ method: "POST", url, body })).status).toBe(400)
  }
  expect((await api({ method: "GET", url: "/v2/nothing" })).status).toBe(404)
  expect((await api({ method: "GET", url: "/v1/commands/none" })).status).toBe(404)
})

it("runs one command at a time: 409, naming the one that runs", async () => {
  const { api, post, done, finish } = agent()
  const first = await post("slow.step", "wait=false", { configdrive: "private", args: { configdrive: "private" } })
  expect(first.body).toMatchObject({ command_status: "RUNNING", command_result: null })
  expect(JSON.stringify(first.body)).not.toContain("private")
  const busy = await post("standby.sync")
  expect(busy).toMatchObject({ status: 409, body: { faultcode: "Client" } })
  expect(JSON.stringify(busy.body)).toContain("slow.step")
  const waited = api({ method: "GET", url: `/v1/commands/${first.body.id}?wait=true` })
  finish("written")
  expect((await waited).body).toMatchObject({ command_status: "SUCCEEDED", command_result: { result: "written" } })
  expect(done).toEqual(["slow.step"])
  expect(await post("standby.sync")).toMatchObject({ status: 200, body: { command_status: "SUCCEEDED" } })
})

it("reports a failure as a result that keeps the causes", async () => {
  const { post, done } = agent()
  const { status, body } = await post("failing.step", "wait=true")
  expect(status).toBe(200)
  expect(body).toMatchObject({ command_status: "FAILED", command_error: { message: "outer", code: 500 } })
  expect(body.command_error!.details).toContain("outer: inner")
  expect(done).toEqual(["failing.step"])
})
