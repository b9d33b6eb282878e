import { createServer as createPlain } from "node:http"
import { createServer } from "node:https"
import type { AddressInfo, Server } from "node:net"
import { afterAll, beforeAll, expect, it } from "vitest"
import { siteAuthority } from "../../../src/service/pki.ts"
import { openMemoryStore } from "../../../src/store/open.ts"
import { systemClock } from "../../../src/util/clock.ts"
import { trustingFetch } from "../../../src/util/trusting-fetch.ts"

const servers: Server[] = []
let authorities: string
let secure: string
let plain: string
const addresses = new Map([["cloud.example.org", "127.0.0.1"]])

beforeAll(async () => {
  const store = await openMemoryStore({ clock: systemClock })
  const authority = await siteAuthority(store, systemClock)
  await store.close()
  authorities = authority.certificate
  const { certificate, key } = await authority.issue(["cloud.example.org"])
  const answer: Parameters<typeof createPlain>[1] = async (request, reply) => {
    let body = ""
    for await (const chunk of request) body += chunk
    reply.writeHead(201, { "x-subject-token": "t", "content-type": "application/json" })
    reply.end(JSON.stringify({ method: request.method, body, type: request.headers["content-type"] }))
  }
  const listen = async (server: Server) => {
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    return (server.address() as AddressInfo).port
  }
  secure = `https://cloud.example.org:${await listen(createServer({ cert: certificate, key: key.reveal() }, answer))}`
  plain = `http://cloud.example.org:${await listen(createPlain(answer))}`
})
afterAll(() => Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve)))))

it("asks a peer by a name that no name server has, whose authority it was told of", async () => {
  const ask = trustingFetch({ authorities, addresses })
  for (const url of [secure, plain]) {
    const headers = { "content-type": "text/plain" }
    const answer = await ask(`${url}/v3`, { method: "POST", headers, body: "hello" })
    expect([answer.status, answer.headers.get("x-subject-token")]).toEqual([201, "t"])
    expect(await answer.json()).toEqual({ method: "POST", body: "hello", type: "text/plain" })
  }
})

it("trusts nobody else, and ends when it is told to", async () => {
  await expect(trustingFetch({ addresses })(secure)).rejects.toMatchObject({ code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" })
  const signal = AbortSignal.abort(new Error("no more"))
  await expect(trustingFetch({ authorities, addresses })(secure, { signal })).rejects.toThrow()
})
