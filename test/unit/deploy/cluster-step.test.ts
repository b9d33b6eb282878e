import { expect, it } from "vitest"
import { clusterDecision, type MemberSeen, mostAdvanced, positionFrom } from "../../../src/deploy/cluster-step.ts"

const empty: Omit<MemberSeen, "host"> = { serves: false, volume: false, state: undefined }
const down = { ...empty, volume: true, state: "uuid: a\nseqno: -1\nsafe_to_bootstrap: 0\n" }
const last = { ...down, state: "uuid: a\nseqno: 7\nsafe_to_bootstrap: 1\n" }
const serving = { ...empty, volume: true, serves: true }
const alone = { ...empty, volume: true }
const decided = (...members: Omit<MemberSeen, "host">[]) =>
  clusterDecision(members.map((member, index) => ({ host: `h${index + 1}`, ...member })))

it("lets the first host begin a cluster where there is nothing, and whoever has data where one does", () => {
  expect(decided(empty, empty, empty)).toEqual({ kind: "begin", host: "h1" })
  expect(decided(empty, alone, empty)).toEqual({ kind: "begin", host: "h2" })
})

it("begins none beside one that serves, whatever the others have lost", () => {
  expect(decided(empty, serving, down)).toEqual({ kind: "none" })
  expect(decided(last, serving, empty)).toEqual({ kind: "none" })
})

it("leaves it to the last that left; where none knows that it was, all are asked how far they came", () => {
  expect(decided(down, last, down)).toEqual({ kind: "none" })
  expect(decided(down, down, empty)).toEqual({ kind: "recover", hosts: ["h1", "h2"] })
  expect(decided(last, last, down)).toEqual({ kind: "recover", hosts: ["h1", "h2", "h3"] })
})

it("chooses between no two that have data of their own", () => {
  expect(decided(alone, alone, empty)).toEqual({ kind: "ambiguous", hosts: ["h1", "h2"] })
})

const [a, b] = ["6b5e1a2c-0000-11ef-8000-000000000001", "6b5e1a2c-0000-11ef-8000-000000000002"]
const none = "00000000-0000-0000-0000-000000000000"

it("takes the most advanced of one history, and nobody of two", () => {
  const at = (host: string, uuid: string, seqno: number) => ({ host, uuid, seqno })
  expect(mostAdvanced([at("h1", a!, 4), at("h2", a!, 9), at("h3", none, -1)]).host).toBe("h2")
  expect(mostAdvanced([at("h1", a!, 9), at("h2", a!, 9)]).host).toBe("h1")
  expect(() => mostAdvanced([at("h1", a!, 4), at("h2", b!, 9)])).toThrow(/h1 .*:4, h2 .*:9/)
  expect(() => mostAdvanced([at("h1", none, -1)])).toThrow("one history")
})

it("reads what a server says of its position, the last if it says more", () => {
  const log = `WSREP: Recovered position: ${none}:-1\n2030-01-01 WSREP: Recovered position: ${a}:12,0-1-2\n`
  expect(positionFrom("h1", log)).toEqual({ host: "h1", uuid: a, seqno: 12 })
  expect(positionFrom("h1", "nothing")).toBeUndefined()
})
