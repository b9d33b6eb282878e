import { expect, it } from "vitest"
import { migration } from "../../../../services/nova/migration.ts"
import { generateSecret } from "../../../../src/deploy/secrets.ts"
import { isPrivateKey } from "../../../../src/transport/key-pair.ts"
import { contextOf } from "../context.ts"

const content = (name: string) =>
  String(migration.files?.find((file) => file.name === name)?.content(contextOf()) ?? "no such file")

it("has the site's key on one line, so that masking finds it in a file that differs", () => {
  const key = generateSecret.ssh().reveal()
  expect(key).toMatch(/^[A-Za-z0-9+/]+=*$/)
  expect(isPrivateKey(Buffer.from(key, "base64").toString())).toBe(true)
  expect(content("nova_ssh_key")).toBe("secret-nova_ssh_key\n")
})

it("lets in nova alone, by key, at the host's own address", () => {
  const lines = content("sshd_config").split("\n")
  expect(lines).toEqual(expect.arrayContaining(["Port 8022", "ListenAddress 192.0.2.11", "AllowUsers nova"]))
  expect(lines).toEqual(expect.arrayContaining(["AuthenticationMethods publickey", "AllowTcpForwarding no"]))
})

it("believes no host without the site's key", () => {
  expect(content("ssh_config")).toMatch(/StrictHostKeyChecking yes/)
  expect(content("start-nova-ssh")).toContain('known_hosts <<< "nova-ssh $public"')
})
