import { expect, it } from "vitest"
import { freshKey, rotated } from "../../../src/keystone/keys.ts"
import { Secret } from "../../../src/util/secret.ts"

const afterRotation = (...keys: string[]) =>
  rotated(
    keys.map((key) => new Secret(key)),
    new Secret("fresh"),
  ).map((key) => key.reveal())

it("promotes the staged key, retires the oldest and stages a fresh one", () => {
  expect(afterRotation("staged", "old", "primary")).toEqual(["fresh", "primary", "staged"])
  expect(afterRotation("staged", "older", "old", "primary")).toEqual(["fresh", "old", "primary", "staged"])
  expect(afterRotation("staged", "primary")).toEqual(["fresh", "staged"])
})

it("makes keys as Fernet has them", () => {
  expect(Buffer.from(freshKey().reveal(), "base64url")).toHaveLength(32)
  expect(freshKey().reveal()).toMatch(/^[\w-]{43}=$/)
})
