import fc from "fast-check"
import { expect, test } from "vitest"
import { agentClient } from "../../../src/conductor/agent-client.ts"
import { BifrostError } from "../../../src/util/errors.ts"
import { Secret } from "../../../src/util/secret.ts"

const { signal } = new AbortController()
/** The client of an agent that gives one answer to everything. */
const clientOf = (body: string, status = 200) =>
  agentClient({ url: "http://172.22.0.11:9999", token: new Secret("t"), node: "node-1" }, async () => {
    return new Response(body, { status })
  })

test("whatever answers in an agent's place, the failure has a name and the node's", async () => {
  const fields = fc.constantFrom(
    ...["command_status", "command_result", "command_error", "commands", "faultstring"],
    ...["message", "details", "type", "code"],
  )
  const value = fc.oneof(fc.constantFrom("SUCCEEDED", "FAILED", "RUNNING", null), fc.jsonValue({ maxDepth: 1 }))
  const object = fc.dictionary(fields, fc.oneof(value, fc.dictionary(fields, value)))
  const body = fc.oneof(
    object.map((each) => JSON.stringify(each)),
    fc.json(),
    fc.string(),
  )
  await fc.assert(
    fc.asyncProperty(body, fc.constantFrom(200, 202, 400, 401, 500), async (text, status) => {
      const client = clientOf(text, status)
      const asked = [
        client.run("standby.sync", {}, signal),
        client.begin("standby.sync", {}, signal),
        client.commands(signal),
        client.command("1", signal),
      ]
      for (const each of await Promise.allSettled(asked)) {
        if (each.status === "fulfilled") continue
        expect(each.reason).toBeInstanceOf(BifrostError)
        expect(each.reason).toMatchObject({ node: "node-1", code: expect.stringMatching(/^AGENT_/) })
      }
    }),
    { numRuns: 500 },
  )
})

test("a web server at the agent's address is told from an agent", async () => {
  const refused = { code: "AGENT_FAILED", message: expect.stringContaining("http://172.22.0.11:9999 is no agent") }
  await expect(clientOf("<html>").run("standby.sync", {}, signal)).rejects.toMatchObject(refused)
  await expect(clientOf("{}").commands(signal)).rejects.toMatchObject(refused)
})
