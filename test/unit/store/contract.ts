import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { Store } from "../../../src/store/port.ts"
import type { EventRecord, LeaseRecord, RunRecord } from "../../../src/store/records.ts"
import type { Clock } from "../../../src/util/clock.ts"
import { Secret } from "../../../src/util/secret.ts"
import { aNode, aPort } from "./records.ts"

const NOW = Date.parse("2026-03-01T12:00:00.000Z")
const still: Clock = { now: () => NOW, sleep: async () => {}, after: () => () => {} }
const anEvent = { kind: "node.state", node_uuid: null, run_id: null, data: {} }

/** What every implementation of `Store` keeps to. */
export function storeContract(name: string, open: (clock: Clock) => Promise<Store>): void {
  describe(`${name} keeps the store's contract`, () => {
    let store: Store
    beforeEach(async () => {
      store = await open(still)
    })
    afterEach(() => store.close())

    describe("nodes", () => {
      test("are found by uuid, name and MAC, every field as it was put", async () => {
        const node = aNode({
          name: "h0",
          driver_info: { ipmi_address: "10.0.0.1", ipmi_port: 623 },
          properties: { root_device: { size: "> 100" }, list: [1, null, true] },
          groups: ["control", "network"],
          maintenance: true,
          target_provision_state: "active",
        })
        await store.nodes.insert(node)
        await store.ports.insert(aPort(node.uuid, "52:54:00:AA:00:01"))
        expect(await store.nodes.find(node.uuid)).toEqual(node)
        expect(await store.nodes.find("h0")).toEqual(node)
        expect(await store.nodes.findByMac("52:54:00:aa:00:01")).toEqual(node)
        expect(await store.nodes.findByMac("52:54:00:AA:00:01")).toEqual(node)
        expect(await store.nodes.find("h1")).toBeUndefined()
        expect(await store.nodes.list()).toEqual([node])
      })

      test("have names of their own, and many may have none", async () => {
        await store.nodes.insert(aNode({ name: "h0" }))
        await store.nodes.insert(aNode())
        await store.nodes.insert(aNode())
        await expect(store.nodes.insert(aNode({ name: "h0" }))).rejects.toMatchObject({ code: "STORE_CONFLICT" })
        const other = aNode({ name: "h1" })
        await store.nodes.insert(other)
        await expect(store.nodes.update(other.uuid, { name: "h0" })).rejects.toMatchObject({ code: "STORE_CONFLICT" })
      })

      test("update merges top-level fields and moves updated_at, even within one millisecond", async () => {
        const node = aNode({ name: "h0", extra: { a: 1 } })
        await store.nodes.insert(node)
        const first = await store.nodes.update(node.uuid, { extra: { b: 2 }, last_error: "x" })
        expect(first).toEqual({ ...node, extra: { b: 2 }, last_error: "x", updated_at: new Date(NOW).toISOString() })
        const second = await store.nodes.update(node.uuid, { last_error: null })
        expect(second?.updated_at).toBe(new Date(NOW + 1).toISOString())
        expect(await store.nodes.update("nobody", { last_error: null })).toBeUndefined()
      })

      test("update with `when` changes nothing unless the stored fields are those", async () => {
        const node = aNode({ provision_state: "manageable" })
        await store.nodes.insert(node)
        const lost = await store.nodes.update(
          node.uuid,
          { provision_state: "active" },
          { provision_state: "available" },
        )
        expect(lost).toBeUndefined()
        expect(await store.nodes.find(node.uuid)).toEqual(node)
        const won = await store.nodes.update(node.uuid, { maintenance: true }, { updated_at: null })
        expect(won?.maintenance).toBe(true)
        expect(await store.nodes.update(node.uuid, { maintenance: false }, { updated_at: null })).toBeUndefined()
      })

      test("of two transitions from one state, one wins", async () => {
        const node = aNode({ provision_state: "available" })
        await store.nodes.insert(node)
        const race = () =>
          store.nodes.update(node.uuid, { provision_state: "deploying" }, { provision_state: "available" })
        const outcomes = await Promise.all([race(), race(), race()])
        expect(outcomes.filter((outcome) => outcome !== undefined)).toHaveLength(1)
      })

      test("remove takes ports and secrets along, and bears repetition", async () => {
        const node = aNode()
        await store.nodes.insert(node)
        await store.ports.insert(aPort(node.uuid, "52:54:00:aa:00:01"))
        await store.secrets.put(node.uuid, "ipmi_password", new Secret("x"))
        await store.secrets.put("site", "ca_key", new Secret("y"))
        await store.nodes.remove(node.uuid)
        await store.nodes.remove(node.uuid)
        expect(await store.nodes.list()).toEqual([])
        expect(await store.ports.list()).toEqual([])
        expect(await store.secrets.names(node.uuid)).toEqual([])
        expect(await store.secrets.names("site")).toEqual(["ca_key"])
      })
    })

    describe("ports", () => {
      test("are listed by node and address, in lower case", async () => {
        const [a, b] = [aNode(), aNode()]
        await store.nodes.insert(a)
        await store.nodes.insert(b)
        const port = aPort(a.uuid, "52:54:00:AA:00:01", { local_link_connection: { switch_info: "s1" } })
        await store.ports.insert(port)
        await store.ports.insert(aPort(b.uuid, "52:54:00:aa:00:02"))
        const stored = { ...port, address: "52:54:00:aa:00:01" }
        expect(await store.ports.list({ node_uuid: a.uuid })).toEqual([stored])
        expect(await store.ports.list({ address: "52:54:00:AA:00:01" })).toEqual([stored])
        expect(await store.ports.list()).toHaveLength(2)
        expect(await store.ports.find(port.uuid)).toEqual(stored)
        expect(await store.ports.update(port.uuid, { pxe_enabled: false })).toMatchObject({ pxe_enabled: false })
        await store.ports.remove(port.uuid)
        expect(await store.ports.find(port.uuid)).toBeUndefined()
      })

      test("have one MAC each, and a node that exists", async () => {
        const node = aNode()
        await store.nodes.insert(node)
        await store.ports.insert(aPort(node.uuid, "52:54:00:aa:00:01"))
        const twice = store.ports.insert(aPort(node.uuid, "52:54:00:AA:00:01"))
        await expect(twice).rejects.toMatchObject({ code: "STORE_CONFLICT" })
        const stray = store.ports.insert(aPort("nobody", "52:54:00:aa:00:02"))
        await expect(stray).rejects.toMatchObject({ code: "STORE_NO_SUCH_NODE" })
      })
    })

    test("secrets are replaced, named and removed, and print masked", async () => {
      await store.secrets.put("site", "a", new Secret("one"))
      await store.secrets.put("site", "a", new Secret("two ü"))
      await store.secrets.put("site", "b", new Secret(""))
      expect((await store.secrets.get("site", "a"))?.reveal()).toBe("two ü")
      expect((await store.secrets.get("site", "b"))?.reveal()).toBe("")
      expect(`${await store.secrets.get("site", "a")}`).toBe("******")
      expect(await store.secrets.get("other", "a")).toBeUndefined()
      expect(await store.secrets.names("site")).toEqual(["a", "b"])
      await store.secrets.remove("site", "a")
      expect(await store.secrets.names("site")).toEqual(["b"])
      await store.secrets.remove("site")
      expect(await store.secrets.names("site")).toEqual([])
    })

    test("leases are kept one an address", async () => {
      const lease: LeaseRecord = {
        address: "172.22.0.11",
        mac: "52:54:00:aa:00:01",
        client_id: null,
        hostname: null,
        state: "offered",
        expires_at: NOW,
      }
      await store.leases.put(lease)
      await store.leases.put({ ...lease, state: "bound", hostname: "h0" })
      expect(await store.leases.list()).toEqual([{ ...lease, state: "bound", hostname: "h0" }])
      await store.leases.remove(lease.address)
      expect(await store.leases.list()).toEqual([])
    })

    describe("events", () => {
      test("are numbered upwards, timed and filtered", async () => {
        const a = await store.events.append({ ...anEvent, node_uuid: "n1", data: { state: "active" } })
        const b = await store.events.append({ ...anEvent, run_id: "r1" })
        expect(b.id).toBeGreaterThan(a.id)
        expect(a).toEqual({ ...anEvent, node_uuid: "n1", data: { state: "active" }, id: a.id, at: NOW })
        expect(await store.events.since(0)).toEqual([a, b])
        expect(await store.events.since(a.id)).toEqual([b])
        expect(await store.events.since(0, { node_uuid: "n1" })).toEqual([a])
        expect(await store.events.since(0, { run_id: "r1" })).toEqual([b])
        expect(await store.events.since(0, { limit: 1 })).toEqual([a])
        expect(await store.events.latest(9)).toEqual([a, b])
        expect(await store.events.latest(1)).toEqual([b])
        expect(await store.events.latest(1, { node_uuid: "n1" })).toEqual([a])
      })

      test("are forgotten by age, but never the newest ones", async () => {
        expect(await store.events.prune(NOW + 1, 0)).toBe(0)
        const all = []
        for (let n = 0; n < 5; n++) all.push(await store.events.append(anEvent))
        expect(await store.events.prune(NOW, 0)).toBe(0)
        expect(await store.events.prune(NOW + 1, 5)).toBe(0)
        expect(await store.events.prune(NOW + 1, 2)).toBe(3)
        expect(await store.events.since(0)).toEqual(all.slice(3))
        expect(await store.events.prune(NOW + 1, 0)).toBe(2)
        expect((await store.events.append(anEvent)).id).toBeGreaterThan(all[4]!.id)
      })

      test("are told to subscribers until they leave", async () => {
        const heard: EventRecord[] = []
        const leave = store.events.subscribe((event) => heard.push(event))
        const event = await store.events.append(anEvent)
        leave()
        await store.events.append(anEvent)
        expect(heard).toEqual([event])
      })
    })

    test("the journal keeps steps in the order in which they began", async () => {
      const first = await store.journal.begin({ operation: "deploy h0", subject: "n1", step: "power on" })
      const second = await store.journal.begin({ operation: "deploy h0", subject: "n1", step: "wait", data: { a: 1 } })
      await store.journal.begin({ operation: "deploy h1", subject: "n2", step: "power on" })
      expect(first).toMatchObject({ status: "running", data: {}, started_at: NOW, ended_at: null, error: null })
      await store.journal.note(second.id, { a: 2 })
      await store.journal.end(first.id, { status: "done", data: { seen: true } })
      await store.journal.end(second.id, { status: "failed", error: "no answer" })
      expect(await store.journal.of("deploy h0")).toEqual([
        { ...first, status: "done", data: { seen: true }, ended_at: NOW },
        { ...second, status: "failed", data: { a: 2 }, ended_at: NOW, error: "no answer" },
      ])
    })

    test("runs are found, changed and filtered", async () => {
      const run: RunRecord = {
        id: "r1",
        kind: "provision",
        status: "running",
        request: { nodes: ["h0"] },
        result: null,
        started_at: NOW,
        ended_at: null,
      }
      await store.runs.insert(run)
      await store.runs.insert({ ...run, id: "r2", kind: "deploy", started_at: NOW + 1 })
      await store.runs.update("r1", { status: "succeeded", result: { nodes: 1 }, ended_at: NOW + 2 })
      const done = { ...run, status: "succeeded", result: { nodes: 1 }, ended_at: NOW + 2 }
      expect(await store.runs.find("r1")).toEqual(done)
      expect(await store.runs.find("r3")).toBeUndefined()
      expect(await store.runs.list({ status: "succeeded" })).toEqual([done])
      expect((await store.runs.list({ kind: "deploy" })).map((found) => found.id)).toEqual(["r2"])
      expect((await store.runs.list()).map((found) => found.id)).toEqual(["r1", "r2"])
    })

    test("settings are replaced whole", async () => {
      expect(await store.settings.get("ssh")).toBeUndefined()
      await store.settings.put("ssh", { a: 1 })
      await store.settings.put("ssh", { public: "ssh-ed25519 …" })
      expect(await store.settings.get("ssh")).toEqual({ public: "ssh-ed25519 …" })
    })

    describe("transactions", () => {
      test("give their result, keep all, and tell subscribers after the commit", async () => {
        const heard: string[] = []
        store.events.subscribe((event) => heard.push(event.kind))
        const result = await store.transaction(async (inside) => {
          await inside.nodes.insert(aNode({ name: "h0" }))
          await inside.events.append(anEvent)
          expect(heard).toEqual([])
          return (await inside.nodes.find("h0"))?.name
        })
        expect(result).toBe("h0")
        expect(heard).toEqual(["node.state"])
        expect(await store.nodes.list()).toHaveLength(1)
      })

      test("undo all when the work fails, and tell nobody", async () => {
        const heard: EventRecord[] = []
        store.events.subscribe((event) => heard.push(event))
        const work = store.transaction(async (inside) => {
          await inside.nodes.insert(aNode())
          await inside.secrets.put("site", "a", new Secret("x"))
          await inside.events.append(anEvent)
          throw new Error("half way")
        })
        await expect(work).rejects.toThrow("half way")
        expect(await store.nodes.list()).toEqual([])
        expect(await store.secrets.names("site")).toEqual([])
        expect(await store.events.since(0)).toEqual([])
        expect(heard).toEqual([])
      })

      test("one within another undoes only its own part", async () => {
        const heard: string[] = []
        store.events.subscribe((event) => heard.push(event.kind))
        await store.transaction(async (outer) => {
          await outer.events.append({ ...anEvent, kind: "kept" })
          const inner = outer.transaction(async (inside) => {
            await inside.nodes.insert(aNode())
            await inside.events.append({ ...anEvent, kind: "undone" })
            throw new Error("inner")
          })
          await expect(inner).rejects.toThrow("inner")
          await outer.transaction((inside) => inside.nodes.insert(aNode({ name: "h1" })))
        })
        expect((await store.nodes.list()).map((node) => node.name)).toEqual(["h1"])
        expect(heard).toEqual(["kept"])
      })

      test("are serial: each sees what the one before wrote, and writes beside them wait", async () => {
        await store.settings.put("count", { value: 0 })
        const increment = () =>
          store.transaction(async (inside) => {
            const { value } = (await inside.settings.get("count")) as { value: number }
            await new Promise(setImmediate)
            await inside.settings.put("count", { value: value + 1 })
          })
        const failing = store.transaction(async () => {
          await new Promise(setImmediate)
          throw new Error("undone")
        })
        const beside = store.nodes.insert(aNode({ name: "beside" }))
        await Promise.all([expect(failing).rejects.toThrow("undone"), beside, increment(), increment(), increment()])
        expect(await store.settings.get("count")).toEqual({ value: 3 })
        expect(await store.nodes.find("beside")).toBeDefined()
      })
    })
  })
}
