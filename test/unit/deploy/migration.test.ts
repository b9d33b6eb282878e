import type Docker from "dockerode"
import { expect, test } from "vitest"
import type { DatabaseServer } from "../../../src/deploy/database-server.ts"
import { beginMigration, migrationFailure } from "../../../src/deploy/migration.ts"
import { labels } from "../../../src/deploy/unit.ts"

const signal = new AbortController().signal

/** Databases that have tables or not, and what becomes of them. */
function world({ tables = true, runs = true, used = false, life = "monday" } = {}) {
  const databases = ["nova_api", "nova_cell0"]
  const state = { tables, dropped: false }
  const server: DatabaseServer = {
    look: async () => undefined,
    isEmpty: async () => false,
    tables: async () => new Map(runs ? databases.map((name) => [name, state.tables ? ["instances"] : []]) : []),
    async run(statements) {
      expect(statements.match(/DROP DATABASE `\w+`/g)).toHaveLength(2)
      Object.assign(state, { tables: false, dropped: true })
    },
  }
  const migration = { databases, server, life: async () => life, used: async () => used }
  return { state, migration }
}

const container = (blank: string | undefined, State: object) =>
  ({ State, Config: { Labels: blank === undefined ? {} : { [labels.blank]: blank } } }) as Docker.ContainerInspectInfo
const failed = { Running: false, Status: "exited", ExitCode: 137 }

test("what begins with empty databases is marked with their life", async () => {
  expect(await beginMigration(world({ tables: false }).migration, undefined, signal)).toEqual({
    [labels.blank]: "monday",
  })
  expect(await beginMigration(world().migration, undefined, signal)).toEqual({})
})

test("a server that does not answer is not one whose databases are empty", async () => {
  expect(await beginMigration(world({ runs: false }).migration, undefined, signal)).toEqual({})
})

test("one that began so and was cut off begins anew", async () => {
  for (const state of [failed, { Running: true, Status: "running", ExitCode: 0 }]) {
    const { state: seen, migration } = world()
    expect(await beginMigration(migration, container("monday", state), signal)).toEqual({ [labels.blank]: "monday" })
    expect(seen.dropped).toBe(true)
  }
})

test.each([
  ["began with data", container(undefined, failed), {}],
  ["began with another volume", container("sunday", failed), {}],
  ["ended well", container("monday", { ...failed, ExitCode: 0 }), {}],
  ["was never started", container("monday", { ...failed, Status: "created", ExitCode: 0 }), {}],
  ["has users, whatever it says of itself", container("monday", failed), { used: true }],
])("one that %s leaves everything as it is", async (_what, before, given) => {
  const { state, migration } = world(given)
  expect(await beginMigration(migration, before, signal)).toEqual({})
  expect(state).toEqual({ tables: true, dropped: false })
})

test("the error says what can be done", () => {
  const remedy = (blank: string | undefined, lines: string) =>
    migrationFailure(world().migration, "host1", `bootstrap (exit 1)\n${lines}`, container(blank, failed)).remedy
  expect(remedy("monday", "")).toContain("begins anew with an empty one")
  expect(remedy(undefined, "(2003, 'Can''t connect')")).toMatch(/once the cause is gone.*nova_api, nova_cell0 is kept/)
  expect(remedy(undefined, `(1060, "Duplicate column name 'x'")`)).toMatch(/half-way.*backup.*docs\/deploy\.md/)
})
