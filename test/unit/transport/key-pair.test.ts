import ssh2 from "ssh2"
import { expect, it } from "vitest"
import { newKeyPair, publicHalf } from "../../../src/transport/key-pair.ts"

it("makes another pair when one cannot be read again", () => {
  const good = newKeyPair("a comment")
  const made = [{ private: "-----BEGIN OPENSSH PRIVATE KEY-----\nbroken", public: "" }]
  const generate = ((...args: Parameters<typeof ssh2.utils.generateKeyPairSync>) =>
    made.pop() ?? ssh2.utils.generateKeyPairSync(...args)) as typeof ssh2.utils.generateKeyPairSync
  const pair = newKeyPair("a comment", generate)
  expect(made).toEqual([])
  for (const { private: key, public: line } of [good, pair]) {
    expect(publicHalf(key)).toBe(line)
    expect(line).toMatch(/^ssh-ed25519 AAAA\S+ a comment$/)
  }
})
