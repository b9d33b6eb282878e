import { execFileSync } from "node:child_process"
import fc from "fast-check"
import { expect, it } from "vitest"
import { fingerprint, parseHostKey } from "../../../src/transport/host-key.ts"
import { shellWords } from "../../../src/transport/shell.ts"

it("quotes arguments so that a shell gives them back as they were", () => {
  const args = ["plain", "", "a b", "it's", "$HOME", "`id`", "*", "\\", "a\nb", '"', "-n", "ü"]
  const out = execFileSync("sh", ["-c", `printf '%s\\0' ${shellWords(args)}`]).toString()
  expect(out.split("\0").slice(0, -1)).toEqual(args)
})

const line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKf6JgWYEkv0KcqDSv3sCHkmbFTg5ZbbJuJ3bkkZ0PDd host1"

it("reads a pinned key and prints its fingerprint as OpenSSH does", () => {
  const { algorithm, blob } = parseHostKey(line, "host1")
  expect(algorithm).toBe("ssh-ed25519")
  const told = execFileSync("ssh-keygen", ["-l", "-f", "-"], { input: line }).toString()
  expect(told).toContain(fingerprint(blob))
})

it("accepts nothing that is not a key", () => {
  for (const text of ["", "ssh-ed25519", "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAA", "yes"]) {
    expect(() => parseHostKey(text, "host1")).toThrow(/host1/)
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(() => parseHostKey(text, "h")).toThrow(expect.objectContaining({ code: "HOST_KEY_CHANGED" }))
    }),
  )
})
