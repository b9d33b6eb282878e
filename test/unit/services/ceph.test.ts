import { expect, it } from "vitest"
import { parse } from "yaml"
import { keyOf } from "../../../services/common/ceph.ts"
import { services } from "../../../services/index.ts"
import { contextFrom } from "../../../src/deploy/context.ts"
import { planFiles } from "../../../src/deploy/files.ts"
import { generateConfig } from "../../../src/deploy/genconfig.ts"
import type { DeployHost } from "../../../src/deploy/host.ts"
import { amend } from "../../../src/deploy/overrides.ts"
import { Placement } from "../../../src/deploy/placement.ts"
import { givenSecrets } from "../../../src/deploy/secrets.ts"
import { findingLine } from "../../../src/deploy/site/finding.ts"
import { inspectSite } from "../../../src/deploy/site/inspect.ts"
import { resolveSite } from "../../../src/deploy/site.ts"
import { renderUnit } from "../../../src/deploy/unit.ts"
import { MASK, Secret } from "../../../src/util/secret.ts"

const groups = ["control", "network", "compute", "storage"]
const host = { name: "node1", address: "192.0.2.11", port: 22, user: "root", hostKey: "", groups }
const key = "AQBWtjVnAAAAABAAAQIDBAUGBwgJCgsMDQ4PEA=="
const keyring = (client: string) => `[client.${client}]\n\tkey = ${key}\n\tcaps mon = "profile rbd"\n`
const conf = "[global]\nfsid = 1d4d5ef8-5a5b-4b6d-9d3e-6a0f6f0a9b0c\nmon_host = 192.0.2.50\n"
const site = "services: { glance: { backends: { rbd: {} } }, cinder: { backends: { rbd: {} }, backup: { rbd: {} } } }"

const given = {
  "glance/ceph.conf": conf,
  "glance/ceph.client.glance.keyring": keyring("glance"),
  "cinder/ceph.conf": conf,
  "cinder/cinder-volume/ceph.client.cinder.keyring": keyring("cinder"),
  "cinder/cinder-backup/ceph.client.cinder.keyring": keyring("cinder"),
  "cinder/cinder-backup/ceph.client.cinder-backup.keyring": keyring("cinder-backup"),
  "nova/ceph.conf": conf,
  "nova/ceph.client.cinder.keyring": keyring("cinder"),
}

function found(overrides: Record<string, string>, text = site): string[] {
  const folder = { site: text, overrides: new Map(Object.entries(overrides)), certificates: new Map<string, string>() }
  return inspectSite({ folder, services, inventory: { hosts: [host] } }).findings.map(
    (finding) => `${finding.severity} ${findingLine(finding)}`,
  )
}

const facts = { cpus: 2, memoryMb: 4096, interfaces: [{ name: "eth0", addresses: ["192.0.2.11"] }] }
const names = services.flatMap(({ secrets }) => Object.keys(secrets ?? {}))

/** What a container gets of the files given: path on the host → content, and where each goes. */
function laidDown(container: string, uuid = "8f1b4c1e-94a4-4d4b-8f0e-0a4c3f1f1c53") {
  const resolved = resolveSite(parse(site))
  const placement = new Placement(services, { hosts: [host] }, resolved)
  const secrets = new Map(names.map((name) => [name, new Secret(name === "cinder_rbd_secret_uuid" ? uuid : name)]))
  const context = contextFrom(host, facts, { placement, site: resolved, secrets })
  const { unit, service } = placement.containers.find((placed) => placed.unit.name === container)!
  const overrides = new Map(Object.entries(given))
  const rendered = renderUnit(
    unit,
    unit.image,
    context,
    (file, builtin) => amend(overrides, { service, container, host: host.name, file }, builtin).content,
  )
  const config = JSON.parse(rendered.files.find(({ path }) => path.endsWith("/config.json"))!.content)
  return { files: new Map(rendered.files.map((file) => [file.path, file])), placed: config.config_files }
}

it("takes the files from where kolla-ansible's users put them", () => {
  expect(found(given)).toEqual([])
})

it("takes a client's keyring once for all containers of a service too", () => {
  const { "cinder/cinder-volume/ceph.client.cinder.keyring": _, ...others } = given
  const { "cinder/cinder-backup/ceph.client.cinder.keyring": __, ...rest } = others
  expect(found({ ...rest, "cinder/ceph.client.cinder.keyring": keyring("cinder") })).toEqual([])
})

it("names each file that is missing by its place, once", () => {
  const expected = (client: string) => `a keyring with the key of client.${client}: ceph auth get client.${client}`
  expect(found({}).sort()).toEqual([
    "error config/cinder/ceph.conf:1:1: cinder_volume, cinder_backup cannot run without this file, which is not there (expected Ceph's own: [global] with fsid and mon_host)",
    `error config/cinder/cinder-backup/ceph.client.cinder-backup.keyring:1:1: cinder_backup cannot run without this file, which is not there (expected ${expected("cinder-backup")})`,
    `error config/cinder/cinder-backup/ceph.client.cinder.keyring:1:1: cinder_backup cannot run without this file, which is not there (expected ${expected("cinder")})`,
    `error config/cinder/cinder-volume/ceph.client.cinder.keyring:1:1: cinder_volume cannot run without this file, which is not there (expected ${expected("cinder")})`,
    `error config/glance/ceph.client.glance.keyring:1:1: glance_api cannot run without this file, which is not there (expected ${expected("glance")})`,
    "error config/glance/ceph.conf:1:1: glance_api cannot run without this file, which is not there (expected Ceph's own: [global] with fsid and mon_host)",
    `error config/nova/ceph.client.cinder.keyring:1:1: nova_libvirt, nova_compute cannot run without this file, which is not there (expected ${expected("cinder")})`,
    "error config/nova/ceph.conf:1:1: nova_libvirt, nova_compute cannot run without this file, which is not there (expected Ceph's own: [global] with fsid and mon_host)",
  ])
})

it("says when a file is another client's, without a word of it", () => {
  const wrong = { ...given, "cinder/cinder-volume/ceph.client.cinder.keyring": keyring("admin") }
  expect(found(wrong)).toEqual([
    "error config/cinder/cinder-volume/ceph.client.cinder.keyring:1:1: cinder_volume cannot run without this file, which is something else (expected a keyring with the key of client.cinder: ceph auth get client.cinder)",
  ])
})

it("asks for nothing of Ceph's where nothing is in Ceph, and says so of files that are there", () => {
  expect(found({}, "")).toEqual([])
  expect(found({ "nova/ceph.conf": conf }, "")[0]).toMatch(
    /^warning config\/nova\/ceph\.conf:1:1: nothing uses this file/,
  )
})

it("wants backups in one place", () => {
  const both = "services: { cinder: { backup: { rbd: {}, nfs: { share: 'nfs:/backups' } } } }"
  expect(found({}, both)[0]).toContain("error bifrost.yaml:1:31: backups are to be kept in rbd and nfs")
  expect(found({}, "services: { cinder: { backup: {} } }")[0]).toContain("backups are to be kept nowhere")
})

it("lays keyrings down for the service's user alone", () => {
  const { files, placed } = laidDown("cinder_backup")
  expect(files.get("/etc/kolla/cinder_backup/ceph.client.cinder-backup.keyring")?.content).toBe(
    keyring("cinder-backup"),
  )
  expect(placed).toContainEqual({
    source: "/var/lib/kolla/config_files/ceph.client.cinder-backup.keyring",
    dest: "/etc/ceph/ceph.client.cinder-backup.keyring",
    owner: "cinder:cinder",
    perm: "0600",
  })
  const dests = laidDown("nova_compute").placed.map(({ dest }: { dest: string }) => dest)
  expect(dests).toEqual(["/etc/nova/nova.conf", "/etc/ceph/ceph.conf", "/etc/ceph/ceph.client.cinder.keyring"])
  expect(laidDown("glance_api").placed).toContainEqual({
    source: "/var/lib/kolla/config_files/ceph.client.glance.keyring",
    dest: "/etc/ceph/ceph.client.glance.keyring",
    owner: "glance:glance",
    perm: "0600",
  })
})

it("gives libvirt the key as the secret whose UUID cinder names", () => {
  const uuid = "8f1b4c1e-94a4-4d4b-8f0e-0a4c3f1f1c53"
  const { files, placed } = laidDown("nova_libvirt", uuid)
  expect(files.get("/etc/kolla/nova_libvirt/cinder_rbd_secret.base64")?.content).toBe(key)
  expect(files.get("/etc/kolla/nova_libvirt/cinder_rbd_secret.xml")?.content).toContain(`<uuid>${uuid}</uuid>`)
  expect(placed).toContainEqual({
    source: "/var/lib/kolla/config_files/cinder_rbd_secret.base64",
    dest: `/etc/libvirt/secrets/${uuid}.base64`,
    owner: "root:root",
    perm: "0600",
  })
  const cinder = laidDown("cinder_volume", uuid).files.get("/etc/kolla/cinder_volume/cinder.conf")?.content
  expect(cinder).toContain(`rbd_secret_uuid = ${uuid}`)
  // Types are made through the API; one that is named here and not there would refuse every volume.
  expect(cinder).not.toContain("default_volume_type")
})

it("shows no key in a plan: not the new one, and not one that a host has from before", () => {
  const former = "AQBWtjVnAAAAABAA////////////////////AA=="
  const wanted = [...laidDown("nova_libvirt").files.values(), ...laidDown("cinder_volume").files.values()]
  const seen = wanted.map((file) => ({ file, seen: file.content.replaceAll(key, former), mode: 0o600 }))
  const shown = JSON.stringify(planFiles({ wanted: seen, surplus: [] }, givenSecrets(new Map(Object.entries(given)))))
  expect(shown).toContain("ceph.client.cinder.keyring")
  expect(shown).toContain("cinder_rbd_secret.base64")
  expect(shown).not.toContain(key)
  expect(shown).not.toContain(former)
})

it("shows no key in generated files, unless it was asked to reveal secrets", async () => {
  const resolved = resolveSite(parse(site))
  const inventory = { hosts: [host] }
  const hosts = new Map([["node1", { entry: host, facts: async () => facts } as unknown as DeployHost]])
  const request = {
    ...{ inventory, hosts, site: resolved, certificates: {}, scope: {} },
    placement: new Placement(services, inventory, resolved),
    overrides: new Map(Object.entries(given)),
    secrets: new Map(names.map((name) => [name, new Secret(name)])),
  }
  const files = await generateConfig({ ...request, reveal: false })
  const keyrings = files.filter(({ file }) => file.endsWith(".keyring"))
  expect(keyrings.map(({ container }) => container).sort()).toEqual([
    ...["cinder_backup", "cinder_backup", "cinder_volume", "glance_api", "nova_compute"],
  ])
  for (const { content } of keyrings) expect(content).toContain(`key = ${MASK}`)
  expect(files.find(({ file }) => file === "cinder_rbd_secret.base64")?.content).toBe(MASK)
  expect(JSON.stringify(files)).not.toContain(key)
  expect(JSON.stringify(await generateConfig({ ...request, reveal: true }))).toContain(key)
})

it("reads a client's key from a keyring with several, whatever stands around it", () => {
  const other = keyring("admin").replace(key, "AQother=")
  expect(keyOf(`# made by ceph\n${other}\n${keyring("cinder")}`, "cinder")).toBe(key)
  expect(keyOf(keyring("cinder"), "cin")).toBeUndefined()
  expect(keyOf("[client.cinder]\n", "cinder")).toBeUndefined()
})
