import { createHash } from "node:crypto"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { request as httpsRequest } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { withRegistryRelay } from "../../../src/provisioner/registry-relay.ts"
import { siteAuthority } from "../../../src/service/pki.ts"
import { startRegistry } from "../../../src/service/registry.ts"
import { openMemoryStore } from "../../../src/store/open.ts"
import { systemClock } from "../../../src/util/clock.ts"
import type { Supervised } from "../../../src/util/supervise.ts"

const address = "127.0.53.1"
const port = 5000
const paths = { state: mkdtempSync(join(tmpdir(), "registry-")), cache: "/nonexistent" }
let registry: Supervised
let ca = ""

beforeAll(async () => {
  const authority = await siteAuthority(await openMemoryStore(), systemClock)
  ca = authority.certificate
  registry = await startRegistry({ paths, clock: systemClock, authority, address, port, log: () => {} })
  await until(async () => (await ask("GET", "/v2/")) === 200)
  await until(() => withRegistryRelay(paths, async (name) => (await fetch(`http://${name}/v2/`)).ok))
})

afterAll(async () => {
  await registry.stop()
  rmSync(paths.state, { recursive: true })
})

async function until(holds: () => Promise<boolean>) {
  while (!(await holds().catch(() => false))) await systemClock.sleep(50)
}

/** The status that a host gets, with nothing trusted but the site's authority. */
function ask(method: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    httpsRequest({ host: address, port, method, path, ca }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
      .on("error", reject)
      .end()
  })
}

test("what is pushed through the relay can be pulled over TLS under the site's authority", async () => {
  const blob = "a layer"
  const digest = `sha256:${createHash("sha256").update(blob).digest("hex")}`
  await withRegistryRelay(paths, async (name) => {
    const begun = await fetch(`http://${name}/v2/try/blobs/uploads/`, { method: "POST" })
    expect(begun.status).toBe(202)
    const location = new URL(begun.headers.get("location") ?? "", `http://${name}`)
    location.searchParams.set("digest", digest)
    expect((await fetch(location, { method: "PUT", body: blob })).status).toBe(201)
  })
  expect(await ask("HEAD", `/v2/try/blobs/${digest}`)).toBe(200)
})

test("hosts cannot push", async () => {
  expect(await ask("POST", "/v2/try/blobs/uploads/")).toBe(405)
})

test("once it has ended nothing is left but what was pushed: no socket and no key", async () => {
  await registry.stop()
  expect(readdirSync(join(paths.state, "run"))).toEqual([])
  expect(readdirSync(paths.state).sort()).toEqual(["registry", "run"])
})
