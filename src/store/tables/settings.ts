import type { Database } from "../database.ts"
import type { SettingStore } from "../port.ts"

export function settingStore({ db }: Database): SettingStore {
  return {
    async get(key) {
      const row = await db.selectFrom("settings").select("value").where("key", "=", key).executeTakeFirst()
      return row && JSON.parse(row.value)
    },

    async put(key, json) {
      const value = JSON.stringify(json)
      await db
        .insertInto("settings")
        .values({ key, value })
        .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
        .execute()
    },
  }
}
