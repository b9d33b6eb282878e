import type { Database } from "../database.ts"
import type { Journal } from "../port.ts"
import { codecs } from "../schema.ts"

const { toRow, fromRow } = codecs.journal

export function journal({ db, clock }: Database): Journal {
  return {
    async begin({ operation, subject, step, data = {} }) {
      const row = toRow({
        operation,
        subject,
        step,
        data,
        status: "running",
        started_at: clock.now(),
        ended_at: null,
        error: null,
      })
      return fromRow(await db.insertInto("journal").values(row).returningAll().executeTakeFirstOrThrow())
    },

    async note(id, data) {
      await db.updateTable("journal").set(toRow({ data })).where("id", "=", id).execute()
    },

    async end(id, { status, data, error = null }) {
      const row = toRow({ status, error, ended_at: clock.now(), ...(data && { data }) })
      await db.updateTable("journal").set(row).where("id", "=", id).execute()
    },

    async of(operation) {
      const query = db.selectFrom("journal").selectAll().where("operation", "=", operation).orderBy("id")
      return (await query.execute()).map(fromRow)
    },
  }
}
