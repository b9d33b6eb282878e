import { once } from "node:events"
import { connect } from "node:net"
import { afterAll, beforeAll, expect, it } from "vitest"
import { rotateKeys } from "../../../src/deploy/key-rotation.ts"
import { fernetKeys } from "../../../src/keystone/keys.ts"
import { type KeystoneWorld, startKeystone } from "./world.ts"

let world: KeystoneWorld
const minutes = 60_000

beforeAll(async () => {
  world = await startKeystone(`bifrost-keystone-${process.pid}`)
}, 15 * minutes)
afterAll(() => world?.stop(), minutes)

async function issue(): Promise<string> {
  const user = { name: "admin", domain: { name: "Default" }, password: world.password.reveal() }
  const scope = { project: { name: "admin", domain: { name: "Default" } } }
  const auth = { identity: { methods: ["password"], password: { user } }, scope }
  const headers = { "content-type": "application/json" }
  const body = JSON.stringify({ auth })
  const answer = await fetch(`${world.url}/v3/auth/tokens`, { method: "POST", headers, body })
  expect(answer.status).toBe(201)
  return answer.headers.get("x-subject-token")!
}

/** HTTP status of a token's own question for itself, from the key and not from a cache. */
async function validate(token: string): Promise<number> {
  const cache = connect(11211, world.address)
  cache.end("flush_all\r\nquit\r\n").resume()
  await once(cache, "close")
  const headers = { "x-auth-token": token, "x-subject-token": token }
  return (await fetch(`${world.url}/v3/auth/tokens`, { headers })).status
}

async function rotate() {
  await rotateKeys(fernetKeys, world.store, Date.now())
  await world.reconfigure()
}

it(
  "a token outlives one rotation of the keys, and not two",
  async () => {
    const first = await issue()
    expect(await validate(first)).toBe(200)
    await rotate()
    expect(await validate(first)).toBe(200)
    const second = await issue()
    expect(await validate(second)).toBe(200)
    await rotate()
    expect(await validate(first)).toBe(401)
    expect(await validate(second)).toBe(200)
  },
  10 * minutes,
)
