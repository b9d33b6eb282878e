import fc from "fast-check"
import { expect, it } from "vitest"
import { findingLine } from "../../../../src/deploy/site/finding.ts"
import { readSite } from "../../../../src/deploy/site/read.ts"
import { siteTemplate } from "../../../../src/deploy/site/template.ts"

const linesOf = (text: string) => readSite(text).findings.map((finding) => findingLine(finding))

it("tells every error with its place and what is expected there", () => {
  const text = `regoin: x
debug: yes
services:
  nova: { virt_type: kvmm, workers: 0 }
  cinder:
    backends:
      nfs: { shares: [nowhere] }
  glance: { backends: { s3: {} } }
networks:
  tunnel: eth0
`
  expect(readSite(text).site).toBeUndefined()
  const lines = linesOf(text)
  expect(lines[0]).toMatch(/^bifrost.yaml:1:1: unknown key regoin, did you mean "region"\? \(expected region, debug, /)
  expect(lines.slice(1)).toEqual([
    'bifrost.yaml:2:8: debug is "yes" (expected true or false)',
    'bifrost.yaml:4:22: services.nova.virt_type is "kvmm" (expected kvm or qemu)',
    "bifrost.yaml:4:37: services.nova.workers is 0 (expected a whole number from 1 to 1024)",
    'bifrost.yaml:7:23: services.cinder.backends.nfs.shares.0 is "nowhere" (expected SERVER:/PATH)',
    "bifrost.yaml:8:25: services.glance.backends.s3 without url (expected text)",
    'bifrost.yaml:10:11: networks.tunnel is "eth0" (expected a map of interface, cidr)',
  ])
})

it("tells all errors of a file that has many", () => {
  const keys = Array.from({ length: 30 }, (_, index) => `x${index}: 1\n`)
  expect(linesOf(keys.join(""))).toHaveLength(30)
})

it("knows kolla-ansible's names, and where a key belongs that stands elsewhere", () => {
  expect(linesOf("kolla_internal_vip_address: 10.0.0.1")[0]).toContain("it is called internal_vip_address here")
  expect(linesOf("virt_type: qemu")[0]).toContain("it belongs to services.nova.virt_type")
})

it("tells what is not YAML", () => {
  expect(linesOf("region: [")[0]).toMatch(/^bifrost.yaml:1:\d+: not YAML or JSON/)
  expect(linesOf("region: a\nregion: b")[0]).toMatch(/^bifrost.yaml:2:1: .*unique/)
})

it("takes an empty file, and keys without a value, for a site of defaults", () => {
  for (const text of ["", "# nothing\n", "services:\n  nova:\nnetworks:\n"]) {
    expect(readSite(text)).toMatchObject({ findings: [], site: { region: "RegionOne" } })
  }
})

it("is not shaken by names that JavaScript knows", () => {
  expect(linesOf("constructor: 1\n__proto__: 2\n")).toHaveLength(2)
})

it("writes a template that says nothing, and that is valid when all of it is said", () => {
  const template = siteTemplate()
  expect(readSite(template)).toMatchObject({ findings: [], site: { services: { nova: { virt_type: "kvm" } } } })
  const said = template.replace(/^# (?!yaml)/gm, "")
  expect(readSite(said)).toMatchObject({ findings: [], site: { internal_vip_address: "10.0.0.250" } })
})

it("never throws, whatever the file holds", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json()), (text) => {
      const { site, findings } = readSite(text)
      expect((site === undefined) === findings.length > 0).toBe(true)
    }),
  )
})
