import { expect, it } from "vitest"
import { checkCertificates } from "../../../../src/deploy/site/certificates.ts"
import { findingLine } from "../../../../src/deploy/site/finding.ts"
import { resolveSite, type SiteFile } from "../../../../src/deploy/site.ts"
import { certificateFault } from "../../../../src/deploy/tls/certificate.ts"
import { now, testAuthority } from "./authority.ts"

const authority = await testAuthority("Example authority")
const stranger = await testAuthority("Stranger")
const good = await authority.issue()

const faultOf = (pem: string, names = ["cloud.example.org"]) =>
  certificateFault(pem, { names, authorities: authority.certificate, now })
const whatOf = (pem: string, names?: string[]) => faultOf(pem, names)?.what

it("takes a certificate that clients would take, in any order of key and issuers", () => {
  expect(faultOf(good.certificate + good.key)).toBeUndefined()
  expect(faultOf(good.key + good.certificate)).toBeUndefined()
})

it("says why clients would refuse one", async () => {
  const expired = await authority.issue({ days: -3, from: now - 1e10 })
  const early = await authority.issue({ from: now + 1e9 })
  const weak = await authority.issue({ bits: 1024 })
  const foreign = await stranger.issue()
  expect(whatOf("")).toBe("there is no certificate in it")
  expect(whatOf(good.certificate)).toBe("there is no private key in it")
  expect(whatOf(good.certificate + foreign.key)).toBe("its private key belongs to another certificate")
  expect(whatOf(expired.certificate + expired.key)).toBe("it expired on 2029-12-29")
  expect(whatOf(early.certificate + early.key)).toBe("it is valid from 2030-01-12 on")
  expect(whatOf(good.certificate + good.key, ["192.0.2.1"])).toBe("it is not for 192.0.2.1, but for cloud.example.org")
  expect(whatOf(weak.certificate + weak.key)).toBe("its RSA key of 1024 bits is too weak")
  expect(whatOf(foreign.certificate + foreign.key)).toBe(
    "nobody vouches for it: CN=cloud.example.org is issued by CN=Stranger, which is no public authority",
  )
  expect(whatOf("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----")).toMatch(/^it cannot be read: /)
})

it("knows wildcards, and addresses among the names", async () => {
  const wild = await authority.issue({ names: ["*.example.org", "192.0.2.1", "2001:db8::1"] })
  expect(faultOf(wild.certificate + wild.key, ["cloud.example.org", "192.0.2.1", "2001:db8::1"])).toBeUndefined()
  expect(whatOf(wild.certificate + wild.key, ["cloud.example.net"])).toContain("*.example.org, 192.0.2.1")
})

it("warns of one that ends soon", async () => {
  const ending = await authority.issue({ days: 12 })
  const fault = faultOf(ending.certificate + ending.key)
  expect(fault).toMatchObject({ severity: "warning", what: "it expires on 2030-01-13, in 12 days" })
})

const site = (file: SiteFile) =>
  resolveSite({ internal_vip_address: "192.0.2.10", external_vip_address: "203.0.113.10", ...file })
const found = (files: Record<string, string>, file: SiteFile) =>
  checkCertificates(new Map(Object.entries(files)), site(file), now).map(
    (each) => `${each.severity} ${findingLine(each)}`,
  )
const external = { external_fqdn: "cloud.example.org", tls: { external: true } }

it("is told by validate with its file, and files that nothing uses are", () => {
  const ca = { "ca/example.crt": authority.certificate }
  const pem = good.certificate + good.key
  expect(found({}, external)).toEqual([])
  expect(found({ ...ca, "haproxy.pem": pem }, external)).toEqual([])
  expect(found({ ...ca, "haproxy.pem": pem }, { tls: { external: true } })).toEqual([
    "error certificates/haproxy.pem:1:1: it is not for 203.0.113.10, but for cloud.example.org (expected 203.0.113.10 among its subject alternative names)",
  ])
  expect(found({ "haproxy.pem": pem, "haproxy-internal.pem": pem, "ca.crt": "" }, {})).toEqual([
    "warning certificates/haproxy.pem:1:1: nothing uses this file (expected tls.external: true and external_vip_address)",
    "warning certificates/haproxy-internal.pem:1:1: nothing uses this file (expected tls.internal: true and internal_vip_address)",
    "warning certificates/ca.crt:1:1: nothing uses this file (expected haproxy.pem, haproxy-internal.pem or ca/NAME.crt)",
  ])
})
