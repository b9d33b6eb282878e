import { expect, it } from "vitest"
import valkey from "../../../services/valkey/service.ts"
import { contextOf } from "./context.ts"

const context = contextOf({ valkey: true })
const onSecond = { ...context, host: context.carriers("valkey")[1]! }
const fileOf = (container: string, at = context) =>
  String(valkey.containers.find(({ name }) => name === container)!.files![0]!.content(at))

it("begins with the first host's server as the primary, which the others follow", () => {
  expect(fileOf("valkey")).not.toContain("replicaof")
  expect(fileOf("valkey", onSecond)).toContain("replicaof 192.0.2.11 6379\n")
  expect(fileOf("valkey", onSecond)).toContain("bind 192.0.2.12\n")
})

it("lets a majority of Sentinels decide on another", () => {
  expect(fileOf("valkey_sentinel", onSecond)).toContain("sentinel monitor kolla 192.0.2.11 6379 2\n")
})

it("shows its password in files alone", () => {
  for (const { command, environment, healthy } of valkey.containers) {
    const shown = JSON.stringify([command(context), environment?.(context), healthy(context)])
    expect(shown).not.toContain("secret-")
  }
})
