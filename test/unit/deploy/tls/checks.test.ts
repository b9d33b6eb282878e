import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, expect, it } from "vitest"
import { certificateChecks } from "../../../../src/deploy/checks/certificates.ts"
import { resolveSite } from "../../../../src/deploy/site.ts"
import { now, testAuthority } from "./authority.ts"

const authority = await testAuthority("Example authority")
const { certificate, key } = await authority.issue({ names: ["127.0.0.1", "cloud.example.org"], days: 100 })
const server = createServer({ cert: certificate, key })
beforeAll(() => new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve)))
afterAll(() => new Promise((resolve) => server.close(resolve)))

const day = 24 * 3600 * 1000
function checked(later: number, internal_fqdn?: string) {
  const file = { internal_vip_address: "127.0.0.1", tls: { internal: true }, ...(internal_fqdn && { internal_fqdn }) }
  const { port } = server.address() as AddressInfo
  const signal = AbortSignal.timeout(10_000)
  return certificateChecks({ site: resolveSite(file), port, now: now + later * day, signal })
}

it("asks the address what it shows, and how long that lasts", async () => {
  const detail = "127.0.0.1, cloud.example.org until 2030-04-11 (100 days)"
  expect(await checked(0)).toMatchObject([{ check: "certificate internal", status: "ok", detail }])
  expect(await checked(0, "cloud.example.org")).toMatchObject([{ status: "ok", detail }])
  expect(await checked(80)).toMatchObject([{ status: "warning" }])
  expect(await checked(101)).toMatchObject([{ status: "failed" }])
})

it("says that it is for others", async () => {
  const [finding] = await checked(0, "other.example.org")
  expect(finding!.detail).toMatch(
    /shows a certificate for 127\.0\.0\.1, cloud\.example\.org, not for other\.example\.org$/,
  )
})
