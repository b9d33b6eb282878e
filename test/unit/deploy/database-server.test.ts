import { expect, it } from "vitest"
import { databaseServer } from "../../../src/deploy/database-server.ts"
import type { DeployHost } from "../../../src/deploy/host.ts"
import { systemClock as clock } from "../../../src/util/clock.ts"

/** A host whose server is in this state; nothing can be asked of it. */
function hostWith(state: "absent" | "ended"): DeployHost {
  const absent = Object.assign(new Error("no such container"), { statusCode: 404 })
  const inspect = async () => (state === "absent" ? Promise.reject(absent) : { State: { Running: false } })
  return { transport: { engine: { getContainer: () => ({ inspect }) } } } as unknown as DeployHost
}

it.each(["absent", "ended"] as const)(
  "a server that is %s has no table, and is not taken for an empty one",
  async (state) => {
    const server = databaseServer([hostWith(state)], clock)
    expect(await server.tables(["keystone"])).toEqual(new Map([["keystone", []]]))
    expect(await server.isEmpty({ database: "keystone", table: "credential" })).toBe(false)
  },
)
