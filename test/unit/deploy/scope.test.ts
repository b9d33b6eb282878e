import { describe, expect, it } from "vitest"
import { Placement } from "../../../src/deploy/placement.ts"
import { type Scope, scoped } from "../../../src/deploy/scope.ts"
import { defineService } from "../../../src/deploy/service.ts"
import { defaultSite } from "../../../src/deploy/site.ts"
import { StepGraph } from "../../../src/graph/graph.ts"
import type { Step } from "../../../src/graph/step.ts"

const host = (name: string, ...groups: string[]) => ({
  ...{ name, address: "192.0.2.1", port: 22, user: "root", hostKey: "", groups },
})
const inventory = { hosts: [host("a", "control"), host("b", "compute")] }
const unit = (name: string, group = "control") => ({
  ...{ name, image: name, group, command: () => name, healthy: () => ["true"] },
})
const mariadb = defineService({ name: "mariadb", summary: "", group: "control", containers: [unit("mariadb")] })
const nova = defineService({
  name: "nova",
  summary: "",
  group: "control",
  databases: [{ name: "nova", password: "p" }],
  containers: [unit("nova_api"), unit("nova_compute", "compute")],
})
const placement = new Placement([mariadb, nova], inventory, defaultSite)

const inspected: string[] = []
const step = (id: string, ...after: string[]): Step<void> => ({
  id,
  after,
  inspect: async () => void inspected.push(id),
  plan: () => [{ action: "create", target: id }],
  apply: async () => {},
})
const graph = new StepGraph([
  step("a/prepare"),
  step("b/prepare"),
  step("a/pull/mariadb", "a/prepare"),
  step("a/container/mariadb", "a/pull/mariadb"),
  step("a/database/nova", "a/container/mariadb"),
  step("a/pull/nova_api", "a/prepare"),
  step("a/container/nova_api", "a/pull/nova_api", "a/database/nova"),
  step("b/pull/nova_compute", "b/prepare"),
  step("b/container/nova_compute", "b/pull/nova_compute", "a/container/nova_api"),
  step("a/leftovers", "a/container/mariadb", "a/container/nova_api"),
])
const within = (scope: Scope) => scoped(graph, scope, placement, inventory)
/** Those that are applied: a guard would refuse the change that every step here plans. */
async function applied(scope: Scope): Promise<string[]> {
  const signal = new AbortController().signal
  const outcomes = await Promise.allSettled(within(scope).steps.map((each) => each.inspect(signal)))
  return within(scope)
    .steps.filter((_, index) => outcomes[index]!.status === "fulfilled")
    .map(({ id }) => id)
}

describe("a scope", () => {
  it("is everything when nothing is named", () => {
    expect(within({}).steps).toHaveLength(graph.steps.length)
  })

  it("of a service is its steps with what brings their images, on all hosts; what they rest on is only looked at", async () => {
    expect(await applied({ only: ["nova"] })).toEqual([
      "a/prepare",
      "b/prepare",
      "a/database/nova",
      "a/pull/nova_api",
      "a/container/nova_api",
      "b/pull/nova_compute",
      "b/container/nova_compute",
    ])
    expect(within({ only: ["nova"] }).get("a/container/mariadb")).toBeDefined()
    expect(within({ only: ["nova"] }).get("a/leftovers")).toBeUndefined()
  })

  it("of a host is all that is on it", async () => {
    expect(await applied({ hosts: ["b"] })).toEqual(["b/prepare", "b/pull/nova_compute", "b/container/nova_compute"])
    expect(await applied({ hosts: ["a"] })).toContain("a/leftovers")
    expect(await applied({ hosts: ["b"], only: ["nova"] })).toHaveLength(3)
    expect(() => within({ hosts: ["b"], only: ["mariadb"] })).toThrow("no step is left")
  })

  it("takes in what it rests on when asked to", async () => {
    const scope = { hosts: ["b"], withDependencies: true }
    expect(await applied(scope)).toHaveLength(graph.steps.length - 1)
  })

  it("ends with a step or a service", async () => {
    const first = ["a/prepare", "a/pull/mariadb", "a/container/mariadb"]
    expect(await applied({ until: "mariadb" })).toEqual(first)
    expect(await applied({ until: "a/database/nova" })).toEqual([...first, "a/database/nova"])
    expect(await applied({ until: "database/nova", only: ["nova"] })).toEqual(["a/database/nova"])
  })

  it("names what it does not know, and what may have been meant", () => {
    expect(() => within({ only: ["nvoa"] })).toThrow('no service "nvoa", did you mean "nova"? (expected mariadb, nova)')
    expect(() => within({ hosts: ["c"] })).toThrow('no host "c"')
    expect(() => within({ until: "container/nova_apy" })).toThrow('did you mean "container/nova_api"?')
  })
})
