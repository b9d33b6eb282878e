import type { Database } from "../database.ts"
import type { EventFilter, EventLog } from "../port.ts"
import { codecs } from "../schema.ts"

const { toRow, fromRow } = codecs.event

export function eventLog({ db, clock, announce, listeners }: Database): EventLog {
  const select = ({ node_uuid, run_id }: EventFilter) => {
    let query = db.selectFrom("events").selectAll()
    if (node_uuid !== undefined) query = query.where("node_uuid", "=", node_uuid)
    if (run_id !== undefined) query = query.where("run_id", "=", run_id)
    return query
  }

  return {
    async append(event) {
      const row = toRow({ ...event, at: clock.now() })
      const appended = fromRow(await db.insertInto("events").values(row).returningAll().executeTakeFirstOrThrow())
      announce(appended)
      return appended
    },

    async since(id, filter = {}) {
      let query = select(filter).where("id", ">", id).orderBy("id")
      if (filter.limit !== undefined) query = query.limit(filter.limit)
      return (await query.execute()).map(fromRow)
    },

    async latest(count, filter = {}) {
      const rows = await select(filter).orderBy("id", "desc").limit(count).execute()
      return rows.map(fromRow).reverse()
    },

    async prune(before, keep) {
      const newest = db.selectFrom("events").select("id").orderBy("id", "desc")
      const expendable = await newest.offset(keep).limit(1).executeTakeFirst()
      if (!expendable) return 0
      const old = db.deleteFrom("events").where("id", "<=", expendable.id).where("at", "<", before)
      return Number((await old.executeTakeFirst()).numDeletedRows)
    },

    subscribe(listener) {
      // A wrapper of its own for each call: the same function subscribed twice hears twice, and ends once each.
      const own = (event: Parameters<typeof listener>[0]) => listener(event)
      listeners.add(own)
      return () => listeners.delete(own)
    },
  }
}
