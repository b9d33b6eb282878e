import { atomically, constrained, type Database, timestamp } from "../database.ts"
import type { PortStore } from "../port.ts"
import { codecs } from "../schema.ts"

const { toRow, fromRow } = codecs.port

/** Addresses are kept, and asked for, in lower case. */
const lower = <T extends { address?: string }>(fields: T): T =>
  fields.address === undefined ? fields : { ...fields, address: fields.address.toLowerCase() }

export function portStore({ db, clock }: Database): PortStore {
  return {
    async list(filter = {}) {
      let query = db.selectFrom("ports").selectAll().orderBy("address")
      if (filter.node_uuid !== undefined) query = query.where("node_uuid", "=", filter.node_uuid)
      if (filter.address !== undefined) query = query.where("address", "=", filter.address.toLowerCase())
      return (await query.execute()).map(fromRow)
    },

    async find(uuid) {
      const row = await db.selectFrom("ports").selectAll().where("uuid", "=", uuid).executeTakeFirst()
      return row && fromRow(row)
    },

    async insert(port) {
      await constrained(
        `port ${port.address}`,
        db
          .insertInto("ports")
          .values(toRow(lower(port)))
          .execute(),
      )
    },

    update(uuid, fields) {
      return atomically(db, async (db) => {
        const stored = await db.selectFrom("ports").selectAll().where("uuid", "=", uuid).executeTakeFirst()
        if (!stored) return undefined
        const changed = { ...lower(fields), updated_at: timestamp(clock, stored.updated_at) }
        const write = db.updateTable("ports").set(toRow(changed)).where("uuid", "=", uuid)
        const [updated] = await constrained(`port ${stored.address}`, write.returningAll().execute())
        return updated && fromRow(updated)
      })
    },

    async remove(uuid) {
      await db.deleteFrom("ports").where("uuid", "=", uuid).execute()
    },
  }
}
