import { type KeyRepository, rotated } from "../keystone/keys.ts"
import type { Store } from "../store/port.ts"
import { BifrostError } from "../util/errors.ts"
import { deployErrors } from "./errors.ts"
import { replaceSecret, secretsOwner } from "./secrets.ts"

/**
 * Rotates a repository in the store, all or nothing; the next deploy brings it to the hosts. Keys whose work is kept, as
 * Keystone's credentials in its database, may not retire before a deploy has encrypted it anew: what keeps a second rotation from
 * coming too early is the time of the last one, and what the journal says was done since. Throws SECRET_UNKNOWN for a site
 * without such keys, and KEYS_IN_USE.
 */
export function rotateKeys(repository: KeyRepository, store: Store, now: number): Promise<void> {
  return store.transaction(async (inside) => {
    const { name, secrets, migratedBy } = repository
    const found = await Promise.all(secrets.map((place) => inside.secrets.get(secretsOwner, place)))
    const keys = found.filter((key) => key !== undefined)
    if (keys.length < secrets.length)
      throw new BifrostError(deployErrors.SECRET_UNKNOWN, { detail: `${name} are made by the first deploy` })
    if (migratedBy) {
      await checkMigrated(name, migratedBy, inside)
      await inside.settings.put(settingOf(name), { rotated_at: now })
    }
    for (const [place, key] of rotated(keys).entries())
      await replaceSecret(inside.secrets, { name: secrets[place]!, former: keys[place], next: key, now })
  })
}

async function checkMigrated(name: string, task: string, { settings, runs, journal }: Store): Promise<void> {
  // It may have read the keys of before, and would be taken for one that has done it with those of after.
  const [run] = await runs.list({ status: "running" })
  if (run)
    throw new BifrostError(deployErrors.KEYS_IN_USE, { detail: `${name}, while ${run.kind} ${run.id} is under way` })
  const last = (await settings.get(settingOf(name)))?.["rotated_at"]
  if (typeof last !== "number") return
  for (const { id, ended_at } of await runs.list()) {
    if (ended_at !== null && ended_at < last) continue
    const steps = await journal.of(id)
    const isIt = (step: string) => step.endsWith(`/task/${task}`)
    if (steps.some(({ step, status, started_at }) => isIt(step) && status === "done" && started_at >= last)) return
  }
  const when = new Date(last).toISOString()
  throw new BifrostError(deployErrors.KEYS_IN_USE, { detail: `${name}, rotated at ${when} and not deployed since` })
}

const settingOf = (name: string) => `rotation.${name}`
