import { inspect } from "node:util"
import { expect, test } from "vitest"
import { Secret } from "../../../src/util/secret.ts"

test("a secret is masked however it is printed, and only reveal() gives it away", () => {
  const secret = new Secret("swordfish")
  for (const shown of [`${secret}`, JSON.stringify({ secret }), inspect({ secret }), String(secret)]) {
    expect(shown).not.toContain("swordfish")
    expect(shown).toContain("******")
  }
  expect(secret.reveal()).toBe("swordfish")
})
