import { afterEach, beforeEach, expect, it } from "vitest"
import realKeystone from "../../../services/keystone/service.ts"
import { SecretBook } from "../../../src/deploy/secret-book.ts"
import { formerSecrets, siteSecrets } from "../../../src/deploy/secrets.ts"
import type { ServiceDefinition } from "../../../src/deploy/service.ts"
import { openMemoryStore } from "../../../src/store/open.ts"
import type { Store } from "../../../src/store/port.ts"
import { Secret } from "../../../src/util/secret.ts"

const keystone: ServiceDefinition = {
  name: "keystone",
  summary: "",
  group: "control",
  containers: [],
  secrets: { keystone_admin_password: "password", keystone_fernet_key_0: "fernet" },
}
let store: Store
let book: SecretBook
let now = 7
beforeEach(async () => {
  now = 7
  store = await openMemoryStore()
  book = new SecretBook([keystone], store, () => now)
})
afterEach(() => store.close())

const value = async (name: string) => (await book.show(name)).reveal()

it("lists what services declare and what was imported, but not the provisioner's own keys", async () => {
  await store.secrets.put("site", "ssh_private_key", new Secret("x"))
  await store.secrets.put("site", "aodh_database_password", new Secret("x"))
  await store.secrets.put("site", "keystone_admin_password", new Secret("x"))
  expect(await book.list()).toEqual([
    { name: "aodh_database_password", service: null, kind: "password", present: true },
    { name: "keystone_admin_password", service: "keystone", kind: "password", present: true },
    { name: "keystone_fernet_key_0", service: "keystone", kind: "fernet", present: false },
  ])
  await expect(book.show("ssh_private_key")).rejects.toMatchObject({ code: "SECRET_UNKNOWN" })
})

it("rotates to a new value that the next deploy takes, and remembers the old one to mask it", async () => {
  await siteSecrets([keystone], store.secrets, false)
  const before = await value("keystone_admin_password")
  await book.rotate("keystone_admin_password")
  const after = await value("keystone_admin_password")
  expect(after).toMatch(/^[0-9a-f]{64}$/)
  expect(after).not.toBe(before)
  expect((await siteSecrets([keystone], store.secrets, false)).get("keystone_admin_password")!.reveal()).toBe(after)
  expect((await formerSecrets(store.secrets)).map((secret) => secret.reveal())).toEqual([before])
})

it("moves the token keys one place on together, and says when there are none yet", async () => {
  const names = [0, 1, 2].map((place) => `keystone_fernet_key_${place}`)
  await expect(book.rotate("keystone_fernet_keys")).rejects.toMatchObject({ code: "SECRET_UNKNOWN" })
  await siteSecrets([realKeystone], store.secrets, false)
  const [staged, secondary, primary] = await Promise.all(names.map(value))
  await book.rotate("keystone_fernet_keys")
  expect(await Promise.all(names.slice(1).map(value))).toEqual([primary, staged])
  expect([staged, secondary, primary]).not.toContain(await value(names[0]!))
  expect((await formerSecrets(store.secrets)).map((secret) => secret.reveal())).toContain(secondary)
})

it("does not rotate what would make tokens void, nor what is not there", async () => {
  await siteSecrets([keystone], store.secrets, false)
  await expect(book.rotate("keystone_fernet_key_0")).rejects.toMatchObject({ code: "SECRET_NOT_ROTATED" })
  await expect(book.rotate("keystone_admin_pasword")).rejects.toThrow('did you mean "keystone_admin_password"?')
})

it("neither makes nor replaces a secret that is someone else's, and takes it as it is", async () => {
  const name = "glance_backend_s3_secret_key"
  book = new SecretBook([{ ...keystone, name: "glance", secrets: { [name]: "given" } }], store, () => now)
  await siteSecrets([{ ...keystone, secrets: { [name]: "given" } }], store.secrets, false)
  await expect(book.show(name)).rejects.toThrow(`${name} is yours to import`)
  await book.import(`${name}: wJalrXUtnFEMI/K7MDENG+bPxRfi=\n`, false)
  expect(await value(name)).toBe("wJalrXUtnFEMI/K7MDENG+bPxRfi=")
  await expect(book.rotate(name)).rejects.toMatchObject({ code: "SECRET_NOT_ROTATED" })
  expect(await book.import(`${name}: "$HOME"\n`, false)).toMatchObject({ faults: [{ line: 1 }] })
})

it("takes kolla-ansible's passwords over: known names, names for later, empty ones", async () => {
  await store.secrets.put("site", "keystone_admin_password", new Secret("old"))
  const text =
    "---\nkeystone_admin_password: s3cret\naodh_database_password: a1\ntrove_keystone_password:\nceph_cluster_fsid: 12\n"
  const dry = await book.import(text, true)
  const report = {
    added: ["aodh_database_password", "ceph_cluster_fsid"],
    changed: ["keystone_admin_password"],
    unchanged: [],
    unused: ["aodh_database_password", "ceph_cluster_fsid"],
    empty: ["trove_keystone_password"],
  }
  expect(dry).toEqual({ report })
  expect(await value("keystone_admin_password")).toBe("old")
  expect(await book.import(text, false)).toEqual({ report })
  expect(await value("keystone_admin_password")).toBe("s3cret")
  expect(await book.import(text, false)).toMatchObject({ report: { added: [], changed: [] } })
})

it("keeps nothing of a file with faults, and tells each with its place and without its value", async () => {
  const text = [
    "keystone_admin_password: good",
    "keystone_fernet_key_0: short",
    "ssh_private_key: mine",
    "kolla_ssh_key: { private_key: a, public_key: b }",
    "aodh_database_password: 'has space'",
  ]
  const result = await book.import(text.join("\n"), false)
  expect(result).toMatchObject({
    faults: [
      { line: 2, what: "keystone_fernet_key_0 is not a Fernet key" },
      { line: 3, what: "ssh_private_key is the provisioner's own" },
      { line: 4, what: "kolla_ssh_key is not one value" },
      { line: 5, what: "aodh_database_password has characters that would need quoting in URLs and files" },
    ],
  })
  expect(JSON.stringify(result)).not.toContain("has space")
  expect(await store.secrets.names("site")).toEqual([])
})
