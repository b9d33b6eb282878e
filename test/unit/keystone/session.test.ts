import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { describe, expect, it } from "vitest"
import { KeystoneSession, type SessionOptions } from "../../../src/keystone/session.ts"
import type { Clock } from "../../../src/util/clock.ts"
import { Secret } from "../../../src/util/secret.ts"

const password = new Secret("admins-own")
const url = "http://192.0.2.11:5000"
const signal = new AbortController().signal

/** Sleeping is over at once, and is written down. */
function quickClock() {
  const slept: number[] = []
  let now = 0
  const clock: Clock = {
    now: () => now,
    after: () => () => {},
    async sleep(ms) {
      slept.push(ms)
      now += ms
    },
  }
  return { clock, slept }
}

const answer = (status: number, body: unknown = {}, headers: Record<string, string> = {}) =>
  new Response(status === 204 ? null : JSON.stringify(body), { status, headers })
const token = (value = "a-token") => answer(201, {}, { "x-subject-token": value })
const failure = (code: string) => new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) })

/** Plays these answers one after the other, the last one for ever. */
function session(answers: (Response | Error)[], more: Partial<SessionOptions> = {}) {
  const { clock, slept } = quickClock()
  const asked: string[] = []
  const played: typeof fetch = async (input, init) => {
    asked.push(`${init?.method} ${String(input).replace(url, "")}`)
    const next = answers.length > 1 ? answers.shift()! : answers[0]!
    if (next instanceof Error) throw next
    return next.clone()
  }
  return { asked, slept, session: new KeystoneSession({ url, password, clock, fetch: played, ...more }) }
}

describe("a Keystone that does not answer", () => {
  it("is asked again, ever more slowly, until patience ends", async () => {
    const { session: keystone, slept } = session([failure("ECONNREFUSED")], { patienceMs: 10_000 })
    await expect(keystone.login(signal)).rejects.toMatchObject({
      code: "KEYSTONE_UNREACHABLE",
      message: expect.stringContaining("POST http://192.0.2.11:5000/v3/auth/tokens: ECONNREFUSED, for 10 s"),
    })
    expect(slept).toEqual([250, 500, 1000, 2000, 4000])
  })

  it("may come back: a proxy without a server behind it, then a token", async () => {
    const { session: keystone, slept } = session([answer(503), failure("ECONNRESET"), token()])
    await keystone.login(signal)
    expect(slept).toEqual([250, 500])
  })

  it("is not waited for by who does not want to", async () => {
    const { session: keystone, slept } = session([failure("ECONNREFUSED")], { wait: false })
    await expect(keystone.login(signal)).rejects.toMatchObject({ code: "KEYSTONE_UNREACHABLE" })
    expect(slept).toEqual([])
  })

  it("is not asked twice for what may have been done", async () => {
    for (const broken of [failure("ECONNRESET"), answer(502)]) {
      const { session: keystone, asked } = session([token(), broken])
      await expect(keystone.request("POST", "/v3/services", signal, {})).rejects.toMatchObject({
        code: "KEYSTONE_INTERRUPTED",
      })
      expect(asked).toHaveLength(2)
    }
    const { session: keystone } = session([token(), failure("ECONNREFUSED"), answer(503), answer(201, { id: 1 })])
    await expect(keystone.request("POST", "/v3/services", signal, {})).resolves.toEqual({ id: 1 })
  })

  it("is left by an abort, with its reason", async () => {
    const abort = new AbortController()
    const { session: keystone } = session([failure("ECONNREFUSED")], {
      clock: { ...quickClock().clock, sleep: (_ms, stop) => Promise.reject(stop?.reason) },
    })
    abort.abort(new Error("interrupted"))
    await expect(keystone.login(abort.signal)).rejects.toThrow("interrupted")
  })
})

describe("the token", () => {
  it("is one for all that asks at the same time", async () => {
    const { session: keystone, asked } = session([token(), answer(200)])
    await Promise.all(["/v3/services", "/v3/endpoints"].map((path) => keystone.request("GET", path, signal)))
    expect(asked.toSorted()).toEqual(["GET /v3/endpoints", "GET /v3/services", "POST /v3/auth/tokens"])
  })

  it("is made anew once when it is refused, and not for ever", async () => {
    const { session: keystone, asked } = session([token(), answer(401), token("another"), answer(401)])
    await expect(keystone.request("GET", "/v3/services", signal)).rejects.toMatchObject({ code: "KEYSTONE_REFUSED" })
    expect(asked).toHaveLength(4)
  })

  it("that is not given is an error of its own", async () => {
    const said = { error: { message: "The request you have made requires authentication." } }
    const { session: keystone } = session([answer(401, said)])
    await expect(keystone.login(signal)).rejects.toMatchObject({
      code: "KEYSTONE_LOGIN_REFUSED",
      message: expect.stringContaining(said.error.message),
    })
  })
})

describe("secrets", () => {
  it("travel in the body and are masked in what comes back", async () => {
    const bodies: string[] = []
    const server = createServer(async (request, response) => {
      bodies.push(Buffer.concat(await request.toArray()).toString())
      if (request.url === "/v3/auth/tokens") return response.writeHead(201, { "x-subject-token": "a-token" }).end()
      const message = `Invalid input: ${bodies.at(-1)} with ${request.headers["x-auth-token"]}`
      response.writeHead(400).end(JSON.stringify({ error: { message } }))
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const { port } = server.address() as AddressInfo
    const keystone = new KeystoneSession({ url: `http://127.0.0.1:${port}`, password, clock: quickClock().clock })
    const body = { user: { name: "glance", password: new Secret("the-users") } }
    const error = await keystone.request("POST", "/v3/users", signal, body).catch(String)
    server.close()
    expect(bodies[0]).toContain("admins-own")
    expect(JSON.parse(bodies[1]!)).toEqual({ user: { name: "glance", password: "the-users" } })
    expect(error).toContain('HTTP 400 Invalid input: {"user":{"name":"glance","password":"******"}} with ******')
  })

  it("are not in what a page of something else on that port says", async () => {
    const html = new Response("<html>not Keystone</html>", { status: 404 })
    const { session: keystone } = session([html])
    await expect(keystone.login(signal)).rejects.toMatchObject({
      code: "KEYSTONE_REFUSED",
      message: expect.stringContaining("login of admin at http://192.0.2.11:5000: HTTP 404 <html>not Keystone</html>"),
    })
  })
})
