import { afterEach, beforeEach, expect, it } from "vitest"
import { runJournal } from "../../../src/deploy/journal.ts"
import { rotateKeys } from "../../../src/deploy/key-rotation.ts"
import { credentialKeys, fernetKeys, freshKey, type KeyRepository } from "../../../src/keystone/keys.ts"
import { openMemoryStore } from "../../../src/store/open.ts"
import type { Store } from "../../../src/store/port.ts"
import { type Clock, systemClock } from "../../../src/util/clock.ts"

let store: Store
let now: number
beforeEach(async () => {
  now = 1000
  const clock: Clock = { ...systemClock, now: () => now }
  store = await openMemoryStore({ clock })
  for (const name of [...fernetKeys.secrets, ...credentialKeys.secrets])
    await store.secrets.put("site", name, freshKey())
})
afterEach(() => store.close())

const rotate = (repository: KeyRepository = credentialKeys) => {
  now += 1000
  return rotateKeys(repository, store, now)
}
const keys = () =>
  Promise.all(credentialKeys.secrets.map(async (name) => (await store.secrets.get("site", name))!.reveal()))

/** A run that comes to the task, and to what it ends with. */
async function runOf(task: string, outcome: { error?: string } = {}) {
  now += 1000
  const id = `run at ${now}`
  const run = {
    id,
    kind: "deploy",
    status: "running",
    request: {},
    result: null,
    started_at: now,
    ended_at: null,
  } as const
  await store.runs.insert(run)
  const step = await runJournal(store.journal, id).begin(`host1/task/${task}`, [])
  const end = async () => {
    now += 1000
    await step.end(outcome as Parameters<typeof step.end>[0])
    await store.runs.update(id, { status: "succeeded", ended_at: now })
  }
  return { id, end }
}
const deployed = async (task: string, outcome = {}) => (await runOf(task, outcome)).end()

const inUse = { code: "KEYS_IN_USE" }

it("lets keys of tokens move on at any time, those of what is kept only once it is encrypted anew", async () => {
  for (let turn = 0; turn < 3; turn++) await rotate(fernetKeys)
  const [staged, , primary] = await keys()
  await rotate()
  expect((await keys()).slice(1)).toEqual([primary, staged])
  const before = await keys()
  await expect(rotate()).rejects.toMatchObject(inUse)
  await deployed("bootstrap_keystone")
  await deployed("keystone_credential_migrate", { error: "exit 1" })
  await expect(rotate()).rejects.toMatchObject(inUse)
  expect(await keys()).toEqual(before)
  await deployed("keystone_credential_migrate")
  await rotate()
  await expect(rotate()).rejects.toMatchObject(inUse)
})

it("does not move them while a run is under way, which may have read either", async () => {
  const { id, end } = await runOf("keystone_credential_migrate")
  await expect(rotate()).rejects.toThrow(id)
  await end()
  await rotate()
})
