import { X509Certificate } from "node:crypto"
import { expect, it } from "vitest"
import { resolveSite, type SiteFile } from "../../../src/deploy/site.ts"
import { readPem } from "../../../src/deploy/tls/certificate.ts"
import { certificateEntries, siteCertificates } from "../../../src/service/certificates.ts"
import { siteAuthority } from "../../../src/service/pki.ts"
import { openMemoryStore } from "../../../src/store/open.ts"
import type { Clock } from "../../../src/util/clock.ts"
import { systemClock } from "../../../src/util/clock.ts"
import { now, testAuthority } from "../deploy/tls/authority.ts"

const day = 24 * 3600 * 1000
const file: SiteFile = {
  internal_vip_address: "192.0.2.10",
  external_vip_address: "203.0.113.10",
  external_fqdn: "cloud.example.org",
  tls: { internal: true, external: true },
}

async function world() {
  let at = now
  const clock: Clock = { ...systemClock, now: () => at }
  const store = await openMemoryStore({ clock })
  const options = { store, clock, authority: await siteAuthority(store, clock), given: new Map<string, string>() }
  const later = (days: number) => {
    at += days * day
  }
  return { ...options, site: resolveSite(file), later }
}
type Parts = Awaited<ReturnType<typeof world>>
const shown = async (parts: Parts, use = {}) => {
  const { external, internal } = await siteCertificates(parts, use)
  return { external: external!.pem.reveal(), internal: internal!.pem.reveal() }
}

it("are made for address and name on first use, and kept; a plan keeps nothing", async () => {
  const parts = await world()
  const planned = await shown(parts, { dryRun: true })
  const made = await shown(parts)
  expect(made.external).not.toBe(planned.external)
  expect(await shown(parts)).toEqual(made)
  const [own] = readPem(made.external).certificates
  expect(own!.subjectAltName).toBe("DNS:cloud.example.org, IP Address:203.0.113.10")
  const authority = new X509Certificate(parts.authority.certificate)
  expect(own!.checkIssued(authority) && own!.verify(authority.publicKey)).toBe(true)
  expect(await siteCertificates({ ...parts, site: resolveSite() })).toEqual({})
})

it("are made anew before they end, for another address, and when asked for", async () => {
  const parts = await world()
  const first = await shown(parts)
  parts.later(360)
  expect(await shown(parts)).toEqual(first)
  parts.later(10)
  const second = await shown(parts)
  expect(second.internal).not.toBe(first.internal)
  const moved = { ...parts, site: resolveSite({ ...file, internal_vip_address: "192.0.2.99" }) }
  expect((await shown(moved)).internal).not.toBe(second.internal)
  expect((await shown(moved)).external).toBe(second.external)
  expect((await shown(moved, { renew: ["external"] })).external).not.toBe(second.external)
})

it("are the operator's where there are any, with whom clients have to be told of", async () => {
  const parts = await world()
  const authority = await testAuthority("Example authority")
  const { certificate, key } = await authority.issue()
  const given = new Map([
    ["haproxy.pem", certificate + key],
    ["ca/example.crt", authority.certificate],
  ])
  const { external, internal } = await siteCertificates({ ...parts, given })
  expect(external!.pem.reveal()).toBe(certificate + key)
  expect(external!.authority).toBe(authority.certificate)
  expect(internal!.authority).toBe(parts.authority.certificate)
  expect(await certificateEntries({ ...parts, given })).toMatchObject([
    { side: "internal", source: "site", days_left: 397, fault: null, names: ["192.0.2.10"] },
    { side: "external", source: "operator", issuer: "CN=Example authority", fault: null },
  ])
})
