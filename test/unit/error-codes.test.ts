import { expect, test } from "vitest"
import { errorsOfRooms } from "../../scripts/generate-docs-errors.ts"

test("a code means one thing, whichever room it comes from", async () => {
  const rooms = await errorsOfRooms(new URL("../..", import.meta.url).pathname)
  const declared = rooms.flatMap(({ room, kinds }) => kinds.map(({ code }) => ({ code, room })))
  const roomsOf = Map.groupBy(declared, ({ code }) => code)
  const duplicates = [...roomsOf].filter(([, all]) => all.length > 1)
  expect(declared.length).toBeGreaterThan(100)
  expect(duplicates.map(([code, all]) => `${code}: ${all.map(({ room }) => room).join(", ")}`)).toEqual([])
})
