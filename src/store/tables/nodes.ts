import { atomically, constrained, type Database, timestamp } from "../database.ts"
import type { NodeStore } from "../port.ts"
import { codecs } from "../schema.ts"

const { toRow, fromRow } = codecs.node

export function nodeStore({ db, clock }: Database): NodeStore {
  return {
    async list() {
      const rows = await db.selectFrom("nodes").selectAll().orderBy("name").orderBy("uuid").execute()
      return rows.map(fromRow)
    },

    async find(id) {
      const row = await db
        .selectFrom("nodes")
        .selectAll()
        .where((where) => where.or([where("uuid", "=", id), where("name", "=", id)]))
        .executeTakeFirst()
      return row && fromRow(row)
    },

    async findByMac(mac) {
      const row = await db
        .selectFrom("nodes")
        .innerJoin("ports", "ports.node_uuid", "nodes.uuid")
        .selectAll("nodes")
        .where("ports.address", "=", mac.toLowerCase())
        .executeTakeFirst()
      return row && fromRow(row)
    },

    async insert(node) {
      await constrained(`node ${node.name ?? node.uuid}`, db.insertInto("nodes").values(toRow(node)).execute())
    },

    update(uuid, fields, when = {}) {
      return atomically(db, async (db) => {
        const row = await db.selectFrom("nodes").selectAll().where("uuid", "=", uuid).executeTakeFirst()
        if (!row) return undefined
        const stored = fromRow(row)
        if (when.provision_state !== undefined && when.provision_state !== stored.provision_state) return undefined
        if (when.updated_at !== undefined && when.updated_at !== stored.updated_at) return undefined
        const changed = { ...fields, updated_at: timestamp(clock, stored.updated_at) }
        const write = db.updateTable("nodes").set(toRow(changed)).where("uuid", "=", uuid)
        const [updated] = await constrained(`node ${stored.name ?? uuid}`, write.returningAll().execute())
        return updated && fromRow(updated)
      })
    },

    remove(uuid) {
      return atomically(db, async (db) => {
        await db.deleteFrom("secrets").where("owner", "=", uuid).execute()
        await db.deleteFrom("nodes").where("uuid", "=", uuid).execute()
      })
    },
  }
}
