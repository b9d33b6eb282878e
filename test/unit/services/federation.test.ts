import { expect, it } from "vitest"
import { callbackPage, federation } from "../../../services/keystone/federation.ts"
import type { ServiceContext } from "../../../src/deploy/service.ts"
import { resolveSite, type SiteFile } from "../../../src/deploy/site.ts"

const host = { name: "node1", address: "192.0.2.11", port: 22, user: "root", hostKey: "", groups: ["control"] }
const context = (file: SiteFile, hosts = [host]) =>
  ({ site: resolveSite(file), carriers: () => hosts }) as unknown as ServiceContext

it("hands tokens to the site's own dashboard, where people reach it", () => {
  expect(federation(context({}))).toMatchObject({ trusted_dashboard: "http://192.0.2.11/auth/websso/" })
  const front: SiteFile = {
    internal_vip_address: "192.0.2.100",
    external_vip_address: "198.51.100.100",
    external_fqdn: "cloud.example.org",
    tls: { external: true },
  } as SiteFile
  expect(federation(context(front))).toMatchObject({ trusted_dashboard: "https://cloud.example.org/auth/websso/" })
  expect(federation(context({}, []))).not.toHaveProperty("trusted_dashboard")
})

it("has a page in which nothing but the address and the token is for Keystone to fill in", () => {
  const page = String(callbackPage.content(context({})))
  expect([...page.matchAll(/\$\w*/g)].map(([name]) => name)).toEqual(["$host", "$token"])
})
