import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { afterEach, expect, it } from "vitest"
import { parse } from "yaml"
import { buildConfigDrive } from "../../../src/configdrive/build.ts"
import { run } from "../../../src/util/run.ts"
import { Secret } from "../../../src/util/secret.ts"

const work = mkdtempSync(join(tmpdir(), "bifrost-drive-test-"))
afterEach(() => rmSync(work, { recursive: true, force: true }))

it("is an ISO labelled config-2 that says the same to our images and to cloud-init", async () => {
  const hostKey = { private: new Secret("-----BEGIN OPENSSH PRIVATE KEY-----\nx\n"), public: "ssh-ed25519 AAAA host" }
  const text = await buildConfigDrive({
    node: { uuid: "u-1", name: "node-1" },
    hostname: "node-1.example",
    publicKeys: ["ssh-ed25519 AAAA operator"],
    sshHostKey: hostKey,
    firstBoot: { url: "http://127.0.0.1:8080/v1/first-boot/u-1", token: new Secret("token-1") },
    files: [{ path: "/etc/motd", content: "hello\n" }],
  })
  const iso = join(work, "drive.iso")
  writeFileSync(iso, gunzipSync(Buffer.from(text, "base64")))
  expect((await run("blkid", ["-p", "-o", "export", iso])).stdout).toMatch(/LABEL=config-2[\s\S]*TYPE=iso9660/)
  const tree = join(work, "tree")
  await run("xorriso", ["-osirrox", "on", "-indev", iso, "-extract", "/", tree])
  const read = async (name: string) => (await run("cat", [join(tree, "openstack/latest", name)])).stdout
  const meta = JSON.parse(await read("meta_data.json"))
  expect(meta).toEqual({
    uuid: "u-1",
    name: "node-1",
    hostname: "node-1.example",
    public_keys: { "key-0": "ssh-ed25519 AAAA operator" },
    bifrost: {
      ssh_host_keys: { ed25519: { private: hostKey.private.reveal(), public: hostKey.public } },
      first_boot_url: "http://127.0.0.1:8080/v1/first-boot/u-1",
      first_boot_token: "token-1",
      files: [{ path: "/etc/motd", content: "hello\n", mode: "0644" }],
    },
  })
  const userData = await read("user_data")
  expect(userData).toMatch(/^#cloud-config\n/)
  expect(parse(userData)).toMatchObject({
    hostname: "node-1.example",
    locale: false,
    ssh_keys: { ed25519_private: hostKey.private.reveal(), ed25519_public: hostKey.public },
    write_files: [{ path: "/etc/motd", content: "hello\n", permissions: "0644" }],
  })
  expect(JSON.parse(await read("network_data.json"))).toEqual({ links: [], networks: [], services: [] })
})
