import type { Database } from "../database.ts"
import type { EventLog } from "../port.ts"
import { codecs } from "../schema.ts"

const { toRow, fromRow } = codecs.event

export function eventLog({ db, clock, announce, listeners }: Database): EventLog {
  return {
    async append(event) {
      const row = toRow({ ...event, at: clock.now() })
      const appended = fromRow(await db.insertInto("events").values(row).returningAll().executeTakeFirstOrThrow())
      announce(appended)
      return appended
    },

    async since(id, filter = {}) {
      let query = db.selectFrom("events").selectAll().where("id", ">", id).orderBy("id")
      if (filter.node_uuid !== undefined) query = query.where("node_uuid", "=", filter.node_uuid)
      if (filter.run_id !== undefined) query = query.where("run_id", "=", filter.run_id)
      if (filter.limit !== undefined) query = query.limit(filter.limit)
      return (await query.execute()).map(fromRow)
    },

    subscribe(listener) {
      // A wrapper of its own for each call: the same function subscribed twice hears twice, and ends once each.
      const own = (event: Parameters<typeof listener>[0]) => listener(event)
      listeners.add(own)
      return () => listeners.delete(own)
    },
  }
}
