import { BifrostError } from "../../util/errors.ts"
import type { Database } from "../database.ts"
import { storeErrors } from "../errors.ts"
import type { SecretStore } from "../port.ts"
import { seal, unseal } from "../seal.ts"

export function secretStore({ db, key }: Database): SecretStore {
  const needKey = () => {
    const loaded = key.load()
    if (!loaded) throw new BifrostError(storeErrors.KEY_MISSING, { detail: key.where })
    return loaded
  }
  return {
    async get(owner, name) {
      const row = await db
        .selectFrom("secrets")
        .select("sealed")
        .where("owner", "=", owner)
        .where("name", "=", name)
        .executeTakeFirst()
      return row && unseal(needKey(), owner, name, row.sealed)
    },

    async put(owner, name, value) {
      const sealed = seal(key.load() ?? key.create(), owner, name, value)
      await db
        .insertInto("secrets")
        .values({ owner, name, sealed })
        .onConflict((conflict) => conflict.columns(["owner", "name"]).doUpdateSet({ sealed }))
        .execute()
    },

    async names(owner) {
      const rows = await db.selectFrom("secrets").select("name").where("owner", "=", owner).orderBy("name").execute()
      return rows.map((row) => row.name)
    },

    async remove(owner, name) {
      let query = db.deleteFrom("secrets").where("owner", "=", owner)
      if (name !== undefined) query = query.where("name", "=", name)
      await query.execute()
    },
  }
}

/** Says at once when the key is lost or is another's, and not only when a BMC is first called. */
export async function proveKey({ db, key }: Database): Promise<void> {
  const row = await db.selectFrom("secrets").selectAll().limit(1).executeTakeFirst()
  const loaded = key.load()
  if (!row) return
  if (!loaded) throw new BifrostError(storeErrors.KEY_MISSING, { detail: key.where })
  unseal(loaded, row.owner, row.name, row.sealed)
}
