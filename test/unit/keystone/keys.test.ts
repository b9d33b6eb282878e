import fc from "fast-check"
import { expect, it } from "vitest"
import { fernetKeys, freshKey, type KeyStore, rotateKeys, rotation } from "../../../src/keystone/keys.ts"
import { Secret } from "../../../src/util/secret.ts"

const secrets = (...values: string[]) => values.map((value) => new Secret(value))
const reveal = (keys: readonly (Secret | undefined)[]) => keys.map((key) => key?.reveal())
const fresh = () => new Secret("fresh")

function rotated(keys: readonly Secret[], writes = Number.POSITIVE_INFINITY): Secret[] {
  const after = [...keys]
  for (const { place, key } of rotation(keys, fresh).slice(0, writes)) after[place] = key
  return after
}

it("promotes the staged key, retires the oldest and stages a fresh one", () => {
  expect(reveal(rotated(secrets("staged", "old", "primary")))).toEqual(["fresh", "primary", "staged"])
  expect(reveal(rotated(secrets("staged", "older", "old", "primary")))).toEqual(["fresh", "old", "primary", "staged"])
  expect(reveal(rotated(secrets("staged", "primary")))).toEqual(["fresh", "staged"])
})

it("that was cut off after any write keeps the primary or makes the staged one primary, and is ended by the next", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 6 }), fc.nat({ max: 6 }), (places, writes) => {
      const keys = secrets(...Array.from({ length: places }, (_, place) => `key ${place}`))
      fc.pre(writes <= places)
      const cut = rotated(keys, writes)
      const primary = cut.at(-1)!.reveal()
      expect([keys.at(-1)!.reveal(), keys[0]!.reveal()]).toContain(primary)
      // With two places the primary of before has none left.
      if (places > 2) expect(reveal(cut)).toContain(keys.at(-1)!.reveal())
      if (writes > 0 && writes < places) expect(reveal(rotated(cut))).toEqual(reveal(rotated(keys)))
    }),
  )
})

it("makes keys as Fernet has them", () => {
  expect(Buffer.from(freshKey().reveal(), "base64url")).toHaveLength(32)
  expect(freshKey().reveal()).toMatch(/^[\w-]{43}=$/)
})

it("is nothing for a site that has no keys yet, and else changes each place in the store", async () => {
  const kept = new Map<string, Secret>()
  const store: KeyStore = { get: async (name) => kept.get(name), put: async (name, key) => void kept.set(name, key) }
  expect(await rotateKeys(fernetKeys, store)).toBe(false)
  for (const name of fernetKeys.secrets) kept.set(name, freshKey())
  const before = fernetKeys.secrets.map((name) => kept.get(name))
  expect(await rotateKeys(fernetKeys, store)).toBe(true)
  const after = fernetKeys.secrets.map((name) => kept.get(name))
  expect(reveal(after).slice(1)).toEqual(reveal([before[2], before[0]]))
  expect(reveal(before)).not.toContain(after[0]!.reveal())
})
