import { constrained, type Database } from "../database.ts"
import type { RunStore } from "../port.ts"
import { codecs } from "../schema.ts"

const { toRow, fromRow } = codecs.run

export function runStore({ db }: Database): RunStore {
  return {
    async insert(run) {
      await constrained(`run ${run.id}`, db.insertInto("runs").values(toRow(run)).execute())
    },

    async update(id, fields) {
      const row = toRow(fields)
      if (Object.keys(row).length > 0) await db.updateTable("runs").set(row).where("id", "=", id).execute()
    },

    async find(id) {
      const row = await db.selectFrom("runs").selectAll().where("id", "=", id).executeTakeFirst()
      return row && fromRow(row)
    },

    async list(filter = {}) {
      let query = db.selectFrom("runs").selectAll().orderBy("started_at").orderBy("id")
      if (filter.status !== undefined) query = query.where("status", "=", filter.status)
      if (filter.kind !== undefined) query = query.where("kind", "=", filter.kind)
      return (await query.execute()).map(fromRow)
    },
  }
}
