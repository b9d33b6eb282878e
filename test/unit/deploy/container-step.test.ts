import type Docker from "dockerode"
import { describe, expect, it } from "vitest"
import { containerStep } from "../../../src/deploy/container-step.ts"
import type { DeployHost } from "../../../src/deploy/host.ts"
import { opensDataOf } from "../../../src/deploy/replace.ts"
import { labels, type Unit } from "../../../src/deploy/unit.ts"
import { StepGraph } from "../../../src/graph/graph.ts"
import { runGraph } from "../../../src/graph/run.ts"
import type { HostTransport } from "../../../src/transport/port.ts"
import { systemClock as clock } from "../../../src/util/clock.ts"

const unitFrom = (image: string): Unit => ({
  ...{ name: "nova_compute", folder: "/etc/kolla/nova_compute", files: [] },
  labels: { [labels.owner]: "site", [labels.image]: image },
  options: { HostConfig: { Binds: ["/etc/kolla/nova_compute/:/x:ro", "kolla_logs:/var/log/kolla"] } },
})
const running = { State: { Running: true }, Config: { Labels: unitFrom("old").labels } }

/** A host whose container is of an older image, and whose engine refuses to stop it. */
function host(name: string, touched: string[]): DeployHost {
  const gone = Object.assign(new Error("no such container"), { statusCode: 404 })
  const engine = {
    getContainer: (container: string) => ({
      inspect: async () => (container === "nova_compute" ? running : Promise.reject(gone)),
      async stop() {
        touched.push(name)
        throw new Error(`${name} is out of memory`)
      },
    }),
  }
  const transport = { engine, list: async () => [], exec: async () => ({ code: 0, stdout: "", stderr: "" }) }
  const survey = { containers: new Map(), images: new Set<string>(), volumes: new Map(), folders: new Map() }
  return {
    entry: { name, address: "", port: 22, user: "root", hostKey: "", groups: [] },
    transport: transport as unknown as HostTransport,
    facts: async () => ({ cpus: 1, memoryMb: 1, interfaces: [] }),
    survey: async () => survey,
    touched() {},
  }
}

it.each([
  ["image", [labels.image]],
  ["environment", [labels.environment]],
  ["mounts", [labels.mounts]],
  ["image, specification", [labels.spec, labels.image]],
  ["environment, mounts, configuration", [labels.config, labels.mounts, labels.environment]],
])("is recreated for a reason in words: %s", (reason, differing) => {
  const step = containerStep({
    ...{ id: "a/container/nova_compute", after: [], host: host("a", []), clock, stopped: new Map() },
    ...{ unit: async () => unitFrom("new"), secrets: [], startSeconds: 1, earlier: [] },
  })
  const all = [labels.image, labels.environment, labels.mounts, labels.spec, labels.config]
  const fingerprints = Object.fromEntries([[labels.owner, "site"], ...all.map((label) => [label, "same"])])
  const Labels = { ...fingerprints, ...Object.fromEntries(differing.map((label) => [label, "before"])) }
  const unit = { ...unitFrom("new"), labels: fingerprints }
  const container = { ...running, Config: { Labels } } as unknown as Docker.ContainerInspectInfo
  const planned = step.plan({ unit, files: { wanted: [], surplus: [] }, container, previous: undefined })
  expect(planned).toEqual([{ action: "recreate", target: "container nova_compute", reason }])
})

describe("a unit on several hosts", () => {
  const touched: string[] = []
  const stopped = new Map<string, string>()
  const step = (at: string) =>
    containerStep({
      ...{ id: `${at}/container/nova_compute`, after: [], host: host(at, touched), clock, stopped },
      ...{ unit: async () => unitFrom("new"), secrets: [], startSeconds: 1, earlier: [] },
    })

  it("is recreated on one at a time, but created on all at once", () => {
    const change = { target: "container nova_compute" }
    expect(step("a").resources!([{ action: "recreate", ...change }])).toEqual(["container/nova_compute"])
    expect(step("b").resources!([{ action: "restart", ...change }])).toEqual(["container/nova_compute"])
    expect(step("a").resources!([{ action: "create", ...change }])).toEqual([])
  })

  it("waits for what it comes after when it is made, or made otherwise, and not when its configuration alone is another", () => {
    const target = "container nova_compute"
    const file = { action: "update", target: "file nova.conf" } as const
    const { waits } = step("a").lenient!
    expect(waits([file, { action: "create", target }])).toBe(true)
    expect(waits([{ action: "recreate", target, reason: "image, configuration" }])).toBe(true)
    expect(waits([file, { action: "recreate", target, reason: "configuration" }])).toBe(false)
    expect(waits([{ action: "start", target, reason: "it ended (exit 1)" }])).toBe(false)
    expect(waits([])).toBe(false)
  })

  it("is left alone on the rest when it failed on one", async () => {
    const graph = new StepGraph([step("a"), step("b"), step("c")])
    const { steps } = await runGraph(graph, { clock, signal: new AbortController().signal })
    expect(touched).toEqual(["a"])
    expect(steps.map(({ error }) => (error as { code?: string }).code)).toEqual([
      ...[undefined, "ROLLOUT_STOPPED", "ROLLOUT_STOPPED"],
    ])
    expect(String(steps[1]!.error)).toContain("b: ")
    expect(String(steps[1]!.error)).toContain("nova_compute failed on a")
  })
})

it("does not go back to an older program on data that a newer one has opened", () => {
  const before = running as unknown as Parameters<typeof opensDataOf>[1]
  const withData = (image: string): Unit => ({
    ...unitFrom(image),
    options: { HostConfig: { Binds: ["mariadb:/var/lib/mysql"] } },
  })
  expect(opensDataOf(withData("new"), before)).toBe(true)
  expect(opensDataOf(withData("old"), before)).toBe(false)
  expect(opensDataOf(unitFrom("new"), before)).toBe(false)
})
