import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { run } from "../../../src/util/run.ts"
import { Secret } from "../../../src/util/secret.ts"
import { startOnSocket } from "./service.ts"

let service: Awaited<ReturnType<typeof startOnSocket>>
const folder = mkdtempSync(`${tmpdir()}/bifrost-site-`)
beforeAll(async () => {
  service = await startOnSocket()
})
afterAll(async () => {
  await service.close()
  rmSync(folder, { recursive: true, force: true })
})

const program = ["--disable-warning=ExperimentalWarning", new URL("../../../src/cli/main.ts", import.meta.url).pathname]

async function cli(...args: string[]) {
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, BIFROST_STATE: service.state }
  const { code, stdout, stderr } = await run(process.execPath, [...program, ...args], { env, accept: [1, 3] })
  return { code, out: stdout.trimEnd(), err: stderr.trimEnd() }
}

test("site init writes a file that is valid as it is, and does not write over it", async () => {
  const file = join(service.state, "site/bifrost.yaml")
  expect((await cli("site", "init")).out).toContain(`wrote ${file}`)
  expect(await cli("validate")).toEqual({ code: 0, out: "No errors.", err: "" })
  const again = await cli("site", "init")
  expect(again.code).toBe(1)
  expect(again.err).toContain("[FILE_EXISTS]")
})

test("validate tells errors as compilers do, and warns of overrides that nothing uses", async () => {
  const file = join(folder, "bifrost.yaml")
  writeFileSync(file, "regon: north\n")
  const { code, out } = await cli("validate", file)
  expect(code).toBe(1)
  expect(out).toContain(`error ${file}:1:1: unknown key regon, did you mean "region"?`)

  writeFileSync(file, "region: north\n")
  mkdirSync(join(folder, "config"))
  writeFileSync(join(folder, "config/keystne.conf"), "")
  const warned = await cli("validate", file)
  expect(warned.code).toBe(0)
  expect(warned.out).toContain(
    'config/keystne.conf:1:1: nothing uses this file: no service is called keystne, did you mean "keystone"?',
  )
  const strict = await cli("validate", "--strict", "--json", file)
  expect(strict.code).toBe(1)
  expect(JSON.parse(strict.out)).toMatchObject({
    valid: false,
    hosts_checked: true,
    findings: [{ severity: "warning" }],
  })
  expect((await cli("validate", join(folder, "absent.yaml"))).err).toContain("[FILE_UNREADABLE]")
})

test("site show fills in the defaults", async () => {
  const shown = await cli("site", "show", "--json", join(folder, "bifrost.yaml"))
  expect(JSON.parse(shown.out)).toMatchObject({ region: "north", services: { neutron: { plugin: "ovn" } } })
})

test("secrets are shown only when that is confirmed, rotated, and imported from kolla-ansible's file", async () => {
  await service.store.secrets.put("site", "keystone_admin_password", new Secret("hunter2"))
  const list = await cli("secrets", "list")
  expect(list.out).toMatch(/keystone_admin_password +keystone +password +kept/)
  expect(list.out).not.toContain("hunter2")
  const unasked = await cli("secrets", "show", "keystone_admin_password")
  expect(unasked).toMatchObject({ code: 1, out: "" })
  expect(unasked.err).toContain("[SECRET_NOT_SHOWN]")
  expect((await cli("secrets", "show", "--reveal", "keystone_admin_password")).out).toBe("hunter2")
  expect((await cli("secrets", "rotate", "keystone_admin_password")).code).toBe(0)
  expect((await cli("secrets", "show", "--reveal", "keystone_admin_password")).out).toMatch(/^[0-9a-f]{64}$/)

  const file = join(folder, "passwords.yml")
  writeFileSync(file, "keystone_admin_password: 'with space'\n")
  const refused = await cli("secrets", "import", file)
  expect(refused.err).toContain("error line 1, column 26: keystone_admin_password has characters")
  expect(refused.err).not.toContain("with space")
  writeFileSync(file, "keystone_admin_password: fromKolla1\naodh_database_password: x\n")
  const { out } = await cli("secrets", "import", file)
  expect(out).toContain("+ aodh_database_password\n~ keystone_admin_password\n")
  expect(out).toContain("1 added, 1 changed, 0 unchanged.")
})

test("genconfig writes files that only their owner reads, secrets masked unless asked", async () => {
  const output = join(folder, "out")
  expect(await cli("genconfig", "--output", output, "--service", "keystone")).toMatchObject({
    code: 0,
    out: `1 files in ${output}`,
  })
  const file = join(output, "node1/keystone/a.conf")
  expect(readFileSync(file, "utf8")).toBe("password = ******\n")
  expect(statSync(file).mode & 0o777).toBe(0o600)
  await cli("genconfig", "--output", output, "--service", "keystone", "--reveal-secrets")
  expect(readFileSync(file, "utf8")).toBe("password = clear\n")
})

test("certificates are made for the addresses under HTTPS, shown, and made anew when asked for", async () => {
  expect((await cli("certificates")).out).toBe("No address of the site is under HTTPS: see tls in bifrost.yaml.")
  const file = join(service.state, "site/bifrost.yaml")
  const before = readFileSync(file)
  writeFileSync(file, "internal_vip_address: 192.0.2.10\ninternal_fqdn: api.example.org\ntls: { internal: true }\n")
  const first = await cli("certificates", "--json")
  expect(JSON.parse(first.out).certificates).toMatchObject([
    { side: "internal", source: "site", names: ["api.example.org", "192.0.2.10"], days_left: 396, fault: null },
  ])
  expect((await cli("certificates", "--json")).out).toBe(first.out)
  expect((await cli("certificates", "--renew")).out).toMatch(
    /internal +site +api\.example\.org 192\.0\.2\.10 +\d{4}-\d\d-\d\d \(396 days\) +CN=bifrost-ts site authority/,
  )
  const renewed = JSON.parse((await cli("certificates", "--json")).out)
  expect(renewed.certificates[0].fingerprint).not.toBe(JSON.parse(first.out).certificates[0].fingerprint)
  expect((await cli("certificates", "--authority")).out).toBe(renewed.authority.trimEnd())
  expect((await cli("certificates", "--renew", "--side", "middle")).code).toBe(1)
  writeFileSync(file, before)
})
