import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { openMemoryStore, openStore } from "../../../src/store/open.ts"
import { inState, type Paths } from "../../../src/util/paths.ts"
import { Secret } from "../../../src/util/secret.ts"
import { storeContract } from "./contract.ts"
import { aNode } from "./records.ts"

let paths: Paths
beforeEach(() => {
  const state = mkdtempSync(join(tmpdir(), "bifrost-store-"))
  paths = { state, cache: state }
})
afterEach(() => rmSync(paths.state, { recursive: true, force: true }))

storeContract("the store in a file", (clock) => openStore(paths, { clock }))

const modeOf = (path: string) => statSync(path).mode & 0o777

describe("the store's files", () => {
  test("keep what was put, over a restart", async () => {
    const node = aNode({ name: "h0" })
    const first = await openStore(paths)
    await first.nodes.insert(node)
    await first.secrets.put(node.uuid, "ipmi_password", new Secret("s3cret-ä"))
    const event = await first.events.append({ kind: "x", node_uuid: null, run_id: null, data: {} })
    await first.close()
    const second = await openStore(paths)
    expect(await second.nodes.find("h0")).toEqual(node)
    expect((await second.secrets.get(node.uuid, "ipmi_password"))?.reveal()).toBe("s3cret-ä")
    expect((await second.events.append({ kind: "y", node_uuid: null, run_id: null, data: {} })).id).toBe(event.id + 1)
    await second.close()
  })

  test("keep what was answered as stored when the process is killed", async () => {
    const program = `
      import { openStore } from "${new URL("../../../src/store/open.ts", import.meta.url)}"
      const store = await openStore(${JSON.stringify(paths)})
      await store.settings.put("kept", { yes: true })
      store.transaction(async (inside) => {
        await inside.settings.put("half", {})
        console.log("stored")
        await new Promise((resolve) => setTimeout(resolve, 60_000))
      })`
    const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", program])
    await once(child.stdout, "data")
    child.kill("SIGKILL")
    await once(child, "close")
    const store = await openStore(paths)
    expect(await store.settings.get("kept")).toEqual({ yes: true })
    expect(await store.settings.get("half")).toBeUndefined()
    await store.close()
  })

  test("hold no secret in the clear, and are their owner's alone", async () => {
    const store = await openStore(paths)
    await store.secrets.put("site", "a", new Secret("very-secret-value"))
    expect(modeOf(inState.key(paths))).toBe(0o600)
    expect(modeOf(inState.store(paths))).toBe(0o600)
    expect(modeOf(`${inState.store(paths)}-wal`)).toBe(0o600)
    for (const end of ["", "-wal"]) expect(readFileSync(inState.store(paths) + end)).not.toContain("very-secret-value")
    await store.close()
  })

  test("a key that others may read is refused", async () => {
    const store = await openStore(paths)
    await store.secrets.put("site", "a", new Secret("x"))
    await store.close()
    chmodSync(inState.key(paths), 0o640)
    await expect(openStore(paths)).rejects.toMatchObject({ code: "KEY_EXPOSED" })
  })

  test("a lost key is named at once, and no new one is made", async () => {
    const store = await openStore(paths)
    await store.secrets.put("site", "a", new Secret("x"))
    await store.close()
    rmSync(inState.key(paths))
    await expect(openStore(paths)).rejects.toMatchObject({ code: "KEY_MISSING" })
    expect(statSync(inState.key(paths), { throwIfNoEntry: false })).toBeUndefined()
  })

  test("another store's key is refused", async () => {
    const store = await openStore(paths)
    await store.secrets.put("site", "a", new Secret("x"))
    await store.close()
    writeFileSync(inState.key(paths), "00".repeat(32))
    await expect(openStore(paths)).rejects.toMatchObject({ code: "KEY_WRONG" })
    writeFileSync(inState.key(paths), "short")
    await expect(openStore(paths)).rejects.toMatchObject({ code: "KEY_WRONG" })
  })

  test("a sealed value does not open at another place", async () => {
    const store = await openStore(paths)
    await store.secrets.put("site", "a", new Secret("x"))
    await store.secrets.put("site", "b", new Secret("y"))
    const raw = new DatabaseSync(inState.store(paths))
    raw.exec("update secrets set sealed = (select sealed from secrets where name = 'a') where name = 'b'")
    raw.close()
    await expect(store.secrets.get("site", "b")).rejects.toMatchObject({ code: "KEY_WRONG" })
    await store.close()
  })

  test("a newer schema is refused, and left as it is", async () => {
    await (await openStore(paths)).close()
    const raw = new DatabaseSync(inState.store(paths))
    raw.exec("insert into schema_version values (999)")
    raw.close()
    await expect(openStore(paths)).rejects.toMatchObject({ code: "STORE_NEWER" })
  })

  test("a file that is no database is named", async () => {
    writeFileSync(inState.store(paths), "this is not a database, but long enough to look at".repeat(20))
    await expect(openStore(paths)).rejects.toMatchObject({ code: "STORE_UNREADABLE" })
  })
})

test("a call of the outer store from inside a transaction is an error, not a hang", async () => {
  const store = await openMemoryStore()
  const work = store.transaction(() => store.nodes.list())
  await expect(work).rejects.toMatchObject({ code: "STORE_REENTERED" })
  await expect(store.transaction(() => store.transaction(async () => {}))).rejects.toMatchObject({
    code: "STORE_REENTERED",
  })
  expect(await store.nodes.list()).toEqual([])
  await store.close()
})

test("a subscriber that fails neither undoes the event nor silences the others", async () => {
  const store = await openMemoryStore()
  const warned = new Promise((resolve) => process.once("warning", resolve))
  const heard: string[] = []
  store.events.subscribe(() => {
    throw new Error("a broken subscriber")
  })
  store.events.subscribe((event) => heard.push(event.kind))
  await store.events.append({ kind: "x", node_uuid: null, run_id: null, data: {} })
  expect(heard).toEqual(["x"])
  expect(await warned).toMatchObject({ message: "a broken subscriber" })
  await store.close()
})
