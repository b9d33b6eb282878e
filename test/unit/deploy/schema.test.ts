import { describe, expect, it } from "vitest"
import type { DatabaseServer } from "../../../src/deploy/database-server.ts"
import { emptyDatabases, inspectSchema, loadSchema } from "../../../src/deploy/schema.ts"
import type { SchemaDump } from "../../../src/deploy/schema-dumps.ts"

const dump: SchemaDump = {
  version: 1,
  databases: { nova_api: "CREATE TABLE cells (id INT);", nova_cell0: "CREATE TABLE instances (id INT);" },
}
const databases = Object.keys(dump.databases)
const { signal } = new AbortController()

/** A server with these tables, which keeps what it was told. */
function server(tables: Readonly<Record<string, readonly string[]>>) {
  const told: string[] = []
  const port: DatabaseServer = {
    look: async () => undefined,
    isEmpty: async () => false,
    tables: async () => new Map(Object.entries(tables)),
    run: async (statements) => void told.push(statements),
  }
  return { told, port }
}
const seen = (tables: Readonly<Record<string, readonly string[]>>, found: SchemaDump | undefined = dump) =>
  inspectSchema({ server: server(tables).port, databases, dump: async () => found })

describe("empty databases", () => {
  it("are loaded when all of them are empty and the image has a dump for each", async () => {
    expect(await seen({})).toEqual({ loadable: dump, cutOff: [] })
    expect((await seen({}, { version: 1, databases: { nova_api: "" } })).loadable).toBeUndefined()
  })

  it("are migrated when the image has no dump, or one of them has a table", async () => {
    const options = { server: server({}).port, databases, dump: async () => undefined }
    expect((await inspectSchema(options)).loadable).toBeUndefined()
    expect((await seen({ nova_cell0: ["instances"] })).loadable).toBeUndefined()
  })

  it("are begun anew where a load was cut off, but for those that are whole", async () => {
    const half = ["bifrost_loading", "cells"]
    expect(await seen({ nova_api: half })).toEqual({ loadable: dump, cutOff: ["nova_api"] })
    expect(await seen({ nova_api: ["cells"], nova_cell0: half })).toEqual({
      loadable: undefined,
      cutOff: ["nova_cell0"],
    })

    const { told, port } = server({})
    await emptyDatabases(port, ["nova_cell0"], signal)
    expect(told).toEqual(["DROP DATABASE `nova_cell0`; CREATE DATABASE `nova_cell0` CHARACTER SET utf8mb4;\n"])
    await emptyDatabases(port, [], signal)
    expect(told).toHaveLength(1)
  })

  it("say that they are being loaded until they are whole", async () => {
    const { told, port } = server({})
    await loadSchema({ server: port, databases, dump: async () => dump }, dump, signal)
    const order = ["USE `nova_api`", "CREATE TABLE bifrost_loading", "CREATE TABLE cells", "DROP TABLE bifrost_loading"]
    const places = [...order, "USE `nova_cell0`", "CREATE TABLE instances"].map((part) => told[0]!.indexOf(part))
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    expect(places).not.toContain(-1)
  })

  it("are left as they are when they have tables after all", async () => {
    const { told, port } = server({ nova_cell0: ["instances"] })
    const loading = loadSchema({ server: port, databases, dump: async () => dump }, dump, signal)
    await expect(loading).rejects.toMatchObject({ code: "DATABASE_NOT_MIGRATED" })
    await expect(loading).rejects.toThrow("nova_cell0 had no table")
    expect(told).toEqual([])
  })

  it("get ids of their own in place of those that a migration made up, the same for the same", async () => {
    const id = "37cf219e-78b4-4627-8cc1-23b6d00df56b"
    const fixed = "00000000-0000-0000-0000-000000000000"
    const withIds = {
      version: 1,
      databases: { cinder: `INSERT INTO t VALUES ('${id}','${fixed}'); -- '${id}'` },
    } as const
    const { told, port } = server({})
    const options = { server: port, databases: ["cinder"], dump: async () => withIds }
    await loadSchema(options, withIds, signal)
    await loadSchema(options, withIds, signal)
    const [own, again] = told.map((text) => [...text.matchAll(/'([0-9a-f-]{36})'/g)].map(([, found]) => found))
    expect(own![0]).toBe(own![2])
    expect(own![1]).toBe(fixed)
    expect(new Set([id, own![0], again![0]]).size).toBe(3)
  })
})
