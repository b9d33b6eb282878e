import type { Database } from "../database.ts"
import type { LeaseStore } from "../port.ts"
import { codecs } from "../schema.ts"

const { toRow, fromRow } = codecs.lease

export function leaseStore({ db }: Database): LeaseStore {
  return {
    async list() {
      return (await db.selectFrom("leases").selectAll().orderBy("address").execute()).map(fromRow)
    },

    async put(lease) {
      const row = toRow(lease)
      await db
        .insertInto("leases")
        .values(row)
        .onConflict((conflict) => conflict.column("address").doUpdateSet(row))
        .execute()
    },

    async remove(address) {
      await db.deleteFrom("leases").where("address", "=", address).execute()
    },
  }
}
