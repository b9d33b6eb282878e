import { once } from "node:events"
import { describe, expect, it } from "vitest"
import { StepGraph } from "../../../src/graph/graph.ts"
import type { StepJournal } from "../../../src/graph/journal.ts"
import { Resources } from "../../../src/graph/resources.ts"
import type { GraphEvent } from "../../../src/graph/result.ts"
import { runGraph } from "../../../src/graph/run.ts"
import { guarded } from "../../../src/graph/select.ts"
import type { Change, Step } from "../../../src/graph/step.ts"
import { systemClock as clock } from "../../../src/util/clock.ts"

const signal = new AbortController().signal

/** A step that is done once it was applied; `world` is what it changes. */
function step(world: Set<string>, id: string, after: string[] = [], more: Partial<Step<boolean>> = {}): Step<boolean> {
  return {
    id,
    after,
    inspect: async () => world.has(id),
    plan: (seen): Change[] => (seen ? [] : [{ action: "create", target: id }]),
    async apply() {
      world.add(id)
    },
    ...more,
  }
}
const fails = {
  async apply() {
    throw new Error("no")
  },
}
const statuses = (steps: readonly { id: string; status: string }[]) =>
  Object.fromEntries(steps.map(({ id, status }) => [id, status]))

describe("StepGraph", () => {
  it("names the cycle, in the direction in which the work would flow", () => {
    const world = new Set<string>()
    const steps = [step(world, "a", ["c"]), step(world, "b", ["a"]), step(world, "c", ["b"]), step(world, "d")]
    expect(() => new StepGraph(steps)).toThrow("a → b → c → a")
  })

  it("refuses repeated ids and unknown dependencies", () => {
    const world = new Set<string>()
    expect(() => new StepGraph([step(world, "a"), step(world, "a")])).toThrow("used twice: a")
    expect(() => new StepGraph([step(world, "a", ["ghost"])])).toThrow("a comes after ghost")
  })

  it("orders ten thousand chained steps without exhausting the stack", () => {
    const world = new Set<string>()
    const steps = Array.from({ length: 10_000 }, (_, i) => step(world, `${i}`, i < 9999 ? [`${i + 1}`] : []))
    expect(new StepGraph(steps).steps[0]!.id).toBe("9999")
  })

  it("prints as Graphviz, and cuts out a step with all that it needs", () => {
    const world = new Set<string>()
    const graph = new StepGraph([step(world, "a"), step(world, "b", ["a"]), step(world, "c")])
    expect(graph.subset(["b"]).toString()).toBe(
      'digraph {\n  rankdir=LR\n  node [shape=box]\n  "a"\n  "b"\n  "a" -> "b"\n}\n',
    )
  })
})

describe("runGraph", () => {
  it("changes what differs, then finds nothing to do", async () => {
    const world = new Set(["b"])
    const graph = new StepGraph([step(world, "a"), step(world, "b", ["a"]), step(world, "c", ["b"])])
    const first = await runGraph(graph, { clock, signal })
    expect(statuses(first.steps)).toEqual({ a: "changed", b: "unchanged", c: "changed" })
    const second = await runGraph(graph, { clock, signal })
    expect(second.steps.flatMap(({ changes }) => changes)).toEqual([])
  })

  it("writes nothing in a dry run", async () => {
    const world = new Set<string>()
    const graph = new StepGraph([step(world, "a"), step(world, "b", ["a"])])
    const { steps } = await runGraph(graph, { clock, signal, dryRun: true })
    expect(statuses(steps)).toEqual({ a: "planned", b: "planned" })
    expect(world.size).toBe(0)
  })

  it("skips only what depends on a failure, and says because of what", async () => {
    const world = new Set<string>()
    const graph = new StepGraph([
      step(world, "a", [], fails),
      step(world, "b", ["a"]),
      step(world, "c", ["b"]),
      step(world, "d"),
      step(world, "e", ["d"]),
    ])
    const { steps } = await runGraph(graph, { clock, signal })
    expect(statuses(steps)).toEqual({ a: "failed", b: "skipped", c: "skipped", d: "changed", e: "changed" })
    expect(steps.find(({ id }) => id === "c")?.because).toEqual(["b"])
  })

  it("fails a step whose change did not take", async () => {
    const graph = new StepGraph([step(new Set(), "a", [], { apply: async () => {} })])
    const { steps } = await runGraph(graph, { clock, signal })
    expect(String(steps[0]!.error)).toContain("still not as wanted: a: create a")
  })

  it("keeps to each resource's limit and runs the rest side by side", async () => {
    const world = new Set<string>()
    const most: Record<string, number> = {}
    const now: Record<string, number> = {}
    const using = (id: string, resource: string): Step<boolean> => ({
      ...step(world, id),
      resources: () => [resource],
      async apply() {
        now[resource] = (now[resource] ?? 0) + 1
        most[resource] = Math.max(most[resource] ?? 0, now[resource])
        await new Promise((resolve) => setImmediate(resolve))
        now[resource]--
        world.add(id)
      },
    })
    const steps = ["x", "y"].flatMap((resource) => [1, 2, 3, 4].map((n) => using(`${resource}${n}`, resource)))
    await runGraph(new StepGraph(steps), { clock, signal, limit: (resource) => (resource === "x" ? 2 : 3) })
    expect(most).toEqual({ x: 2, y: 3 })
  })

  it("gives a resource first to what the longest chain waits for", async () => {
    const world = new Set<string>()
    const order: string[] = []
    const pull = (id: string) =>
      step(world, id, [], {
        resources: () => ["registry"],
        async apply() {
          order.push(id)
          await clock.sleep(1)
          world.add(id)
        },
      })
    const steps = [
      ...["alone", "short", "long", "as short, for two"].map(pull),
      step(world, "container", ["short"]),
      ...["one", "two"].map((id) => step(world, id, ["as short, for two"])),
      step(world, "database", ["long"]),
      step(world, "service", ["database"]),
    ]
    await runGraph(new StepGraph(steps), { clock, signal })
    expect(order).toEqual(["long", "as short, for two", "short", "alone"])
  })

  it("verifies a step that was cut off although nothing is left to change", async () => {
    const world = new Set(["a", "b"])
    const verified: string[] = []
    const steps = ["a", "b"].map((id) => step(world, id, [], { verify: async () => void verified.push(id) }))
    const ended: string[] = []
    const journal = {
      cutOff: async () => new Set(["b"]),
      begin: async (id: string) => ({ end: async () => void ended.push(id) }),
    }
    await runGraph(new StepGraph(steps), { clock, signal, journal })
    expect(verified).toEqual(["b"])
    expect(ended).toEqual(["b"])
  })

  it("starts nothing more after an abort, waits for what runs, and rejects", async () => {
    const world = new Set<string>()
    const abort = new AbortController()
    const events: GraphEvent[] = []
    const first = step(world, "a", [], {
      async apply() {
        abort.abort(new Error("stop"))
        world.add("a")
      },
    })
    const graph = new StepGraph([first, step(world, "b", ["a"])])
    const running = runGraph(graph, { clock, signal: abort.signal, onEvent: (event) => events.push(event) })
    await expect(running).rejects.toThrow("stop")
    expect(events.map(({ kind, step: id }) => `${kind} ${id}`)).toEqual(["begin a", "apply a", "end a"])
  })

  describe("a step that waits for another only with some changes", () => {
    const lenient = (ids: string[], waits: boolean) => ({ lenient: { ids, waits: () => waits } })
    /** "slow" ends when "after" has been applied, or when the clock says so. */
    async function order(
      waits: boolean,
      slow: Partial<Step<boolean>> = {},
    ): Promise<{ order: string[]; statuses: object }> {
      const world = new Set<string>()
      const order: string[] = []
      const { promise: applied, resolve } = Promise.withResolvers<void>()
      const steps = [
        step(world, "slow", [], {
          async apply() {
            await (waits ? clock.sleep(20) : applied)
            order.push("slow")
            world.add("slow")
          },
          ...slow,
        }),
        step(world, "after", ["slow"], {
          ...lenient(["slow"], waits),
          async apply() {
            order.push("after")
            world.add("after")
            resolve()
          },
        }),
      ]
      const result = await runGraph(new StepGraph(steps), { clock, signal })
      return { order, statuses: statuses(result.steps) }
    }

    it("is applied beside it, or after it, as its changes are", async () => {
      expect((await order(false)).order).toEqual(["after", "slow"])
      expect((await order(true)).order).toEqual(["slow", "after"])
    })

    it("is skipped by its failure when it waits, and goes on when it does not", async () => {
      expect((await order(true, fails)).statuses).toEqual({ slow: "failed", after: "skipped" })
      expect((await order(false, fails)).statuses).toEqual({ slow: "failed", after: "changed" })
    })

    it("does not outlast a journal that cannot be written, nor an abort", async () => {
      const world = new Set<string>()
      const never = () => new Promise<void>(() => {})
      const { promise: waiting, resolve } = Promise.withResolvers<void>()
      const waits = () => {
        resolve()
        return true
      }
      const steps = (more: Partial<Step<boolean>>) =>
        new StepGraph([
          step(world, "slow", [], more),
          step(world, "after", ["slow"], { lenient: { ids: ["slow"], waits } }),
        ])
      const journal: StepJournal = {
        cutOff: async () => new Set(),
        async begin() {
          await waiting
          throw new Error("the disk is full")
        },
      }
      await expect(runGraph(steps({}), { clock, signal, journal })).rejects.toThrow("the disk is full")
      const aborted = new AbortController()
      const untilAbort = {
        apply: (_: unknown, end: AbortSignal) => Promise.race([never(), once(end, "abort").then(() => {})]),
      }
      const run = runGraph(steps(untilAbort), { clock, signal: aborted.signal })
      await waiting
      aborted.abort(new Error("enough"))
      await expect(run).rejects.toThrow("enough")
    })
  })

  it("finds the critical path by what took longest", async () => {
    let time = 0
    const ticking = { ...clock, now: () => time }
    const world = new Set<string>()
    const lasting = (id: string, after: string[], ms: number) =>
      step(world, id, after, {
        async apply() {
          time += ms
          world.add(id)
        },
      })
    const steps = [lasting("a", [], 10), lasting("b", ["a"], 500), lasting("c", ["a"], 20), lasting("d", ["b", "c"], 5)]
    const { criticalPath } = await runGraph(new StepGraph(steps), { clock: ticking, signal })
    expect(criticalPath).toEqual(["a", "b", "d"])
  })
})

describe("guarded", () => {
  const chain = (world: Set<string>) =>
    new StepGraph([
      step(world, "a"),
      step(world, "b", ["a"]),
      step(world, "c", ["b"]),
      step(world, "d", ["b"]),
      step(world, "e"),
    ])

  it("applies the targets alone when what they rest on is as wanted", async () => {
    const world = new Set(["a", "b"])
    const { steps } = await runGraph(guarded(chain(world), new Set(["c"])), { clock, signal })
    expect(statuses(steps)).toEqual({ a: "unchanged", b: "unchanged", c: "changed" })
    expect(world).toEqual(new Set(["a", "b", "c"]))
  })

  it("names everything left out that would change, however far behind, and begins nothing that rests on it", async () => {
    const world = new Set(["b"])
    const { steps } = await runGraph(guarded(chain(world), new Set(["c", "e"])), { clock, signal })
    expect(statuses(steps)).toEqual({ a: "failed", b: "unchanged", c: "skipped", e: "changed" })
    expect(String(steps.find(({ id }) => id === "a")!.error)).toContain("left out and is not as wanted: a: create a")
    expect(world).toEqual(new Set(["b", "e"]))
  })

  it("keeps the order among targets, also where one of them is between two others", () => {
    const graph = guarded(chain(new Set()), new Set(["a", "c"]))
    expect(graph.steps.map(({ id, after }) => [id, after])).toEqual([
      ["a", []],
      ["b", []],
      ["c", ["b"]],
    ])
  })
})

describe("Resources", () => {
  it("never holds one thing while waiting for another, and forgets who gave up", async () => {
    const resources = new Resources(() => 1)
    const taken: string[] = []
    const take = async (who: string, names: string[], abort = signal) => {
      const release = await resources.take(names, abort)
      taken.push(who)
      return release
    }
    const first = await take("first", ["x"])
    const both = take("both", ["x", "y"])
    const other = await take("other", ["y"])
    const abort = new AbortController()
    const gone = take("gone", ["x"], abort.signal)
    abort.abort(new Error("gave up"))
    await expect(gone).rejects.toThrow("gave up")
    first()
    other()
    ;(await both)()
    ;(await take("last", ["x", "y"]))()
    expect(taken).toEqual(["first", "other", "both", "last"])
  })
})
