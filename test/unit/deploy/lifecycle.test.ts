import type Docker from "dockerode"
import { describe, expect, it } from "vitest"
import type { DeployHost } from "../../../src/deploy/host.ts"
import { destroyGraph, startGraph, stopGraph } from "../../../src/deploy/lifecycle/graphs.ts"
import { startOrder, stopOrder } from "../../../src/deploy/lifecycle/order.ts"
import { Placement } from "../../../src/deploy/placement.ts"
import { withoutPeers, withPeers } from "../../../src/deploy/prepare-step.ts"
import { defineService } from "../../../src/deploy/service.ts"
import { defaultSite } from "../../../src/deploy/site.ts"
import type { Survey } from "../../../src/deploy/survey.ts"
import { labels } from "../../../src/deploy/unit.ts"
import type { StepGraph } from "../../../src/graph/graph.ts"
import type { HostTransport } from "../../../src/transport/port.ts"
import { systemClock as clock } from "../../../src/util/clock.ts"

const host = (name: string, ...groups: string[]) => ({
  ...{ name, address: "192.0.2.1", port: 22, user: "root", hostKey: "", groups },
})
const inventory = { hosts: [host("a", "control"), host("b", "compute")] }
const unit = (name: string, needs: string[] = [], group = "control") => ({
  ...{
    name,
    image: name,
    group,
    needs,
    command: () => name,
    healthy: () => ["true"],
    volumes: ["kolla_logs:/var/log"],
  },
})
const about = { summary: "", group: "control" }
const mariadb = { ...unit("mariadb"), volumes: ["mariadb:/var/lib/mysql", "/etc/localtime:/etc/localtime:ro"] }
const services = [
  defineService({ ...about, name: "mariadb", containers: [mariadb] }),
  defineService({
    ...{ ...about, name: "nova", databases: [{ name: "nova", password: "p" }] },
    containers: [unit("nova_api", ["task/nova_sync"]), unit("nova_compute", ["container/nova_api"], "compute")],
    tasks: [{ ...unit("nova_sync", ["database/nova"]), perImage: true, fingerprint: () => [] }],
  }),
]
const placement = new Placement(services, inventory, defaultSite)

const running = (owner = "site") =>
  ({ State: "running", Status: "Up", Labels: { [labels.owner]: owner } }) as unknown as Docker.ContainerInfo
const world: Record<string, Survey> = {
  a: {
    ...{ images: new Set(), volumes: new Map([["mariadb", "x"]]) },
    containers: new Map([
      ["mariadb", running()],
      ["nova_api", running()],
      ["nova_api-old", running()],
      ["gone", running()],
      ["nova_sync", running("someone")],
    ]),
    folders: new Map([
      ["/etc/kolla/mariadb", new Map()],
      ["/etc/kolla/nova_sync", new Map()],
      ["/etc/kolla/foreign", new Map()],
    ]),
  },
  b: { images: new Set(), volumes: new Map([["kolla_logs", "x"]]), containers: new Map(), folders: new Map() },
}
const transportTo = (host: string) => {
  const getContainer = (name: string) => ({
    inspect: async () => ({ State: { Status: world[host]!.containers.get(name)!.State } }),
  })
  return { readFile: async () => undefined, list: async () => [], engine: { getContainer } } as unknown as HostTransport
}
const hosts = new Map(
  inventory.hosts.map((entry) => [
    entry.name,
    {
      entry,
      transport: transportTo(entry.name),
      survey: async () => world[entry.name]!,
      touched() {},
    } as unknown as DeployHost,
  ]),
)
const options = { placement, inventory, hosts, scope: {}, clock, redact: (text: string) => text }
const signal = new AbortController().signal
async function planned(graph: StepGraph): Promise<string[]> {
  const each = graph.steps.map(async (step) => step.plan(await step.inspect(signal)))
  return (await Promise.all(each)).flat().map(({ action, target }) => `${action} ${target}`)
}
const order = (graph: StepGraph) => graph.steps.map(({ id, after }) => `${id} < ${after.join(" ")}`)

describe("the life of what is deployed", () => {
  it("starts in the order of needs, databases and tasks seen through, and ends in the other", () => {
    expect(startOrder(placement)).toEqual(
      new Map([
        ["a/container/mariadb", []],
        ["a/task/nova_sync", ["a/container/mariadb"]],
        ["a/container/nova_api", ["a/task/nova_sync"]],
        ["b/container/nova_compute", ["a/container/nova_api"]],
      ]),
    )
    expect(order(startGraph(options))).toEqual([
      "a/container/mariadb < ",
      "a/container/nova_api < a/container/mariadb",
      "b/container/nova_compute < a/container/nova_api",
    ])
    expect(stopOrder(startOrder(placement)).get("a/container/mariadb")).toEqual(["a/task/nova_sync"])
  })

  it("ends only what runs and is ours", async () => {
    expect(await planned(stopGraph(options))).toEqual(["stop container nova_api", "stop container mariadb"])
    expect(await planned(stopGraph({ ...options, scope: { only: ["nova"] } }))).toEqual(["stop container nova_api"])
  })

  it("says what cannot be started because it is not there", async () => {
    await expect(planned(startGraph(options))).rejects.toMatchObject({ code: "NOT_DEPLOYED", node: "b" })
  })

  it("is removed with what was kept beside it; what is someone else's stays", async () => {
    const graph = destroyGraph({ ...options, includeData: false, registry: "r:5000" })
    expect(await planned(graph)).toEqual([
      "remove container nova_api",
      "remove container nova_api-old",
      "remove container mariadb",
      "remove folder /etc/kolla/mariadb",
      "remove container gone",
    ])
  })

  it("takes its data along only when asked, and never a volume that something else still uses", async () => {
    const all = destroyGraph({ ...options, includeData: true, registry: "r:5000" })
    const volumes = async (graph: StepGraph) => (await planned(graph)).filter((change) => change.includes("volume"))
    expect(await volumes(all)).toEqual(["remove volume mariadb", "remove volume kolla_logs"])
    expect(all.get("a/volume/kolla_logs")!.after).toEqual(["a/container/nova_api", "a/task/nova_sync"])
    const nova = destroyGraph({ ...options, scope: { only: ["nova"] }, includeData: true, registry: "r:5000" })
    expect(await volumes(nova)).toEqual(["remove volume kolla_logs"])
    expect(nova.get("a/leftovers")).toBeUndefined()
  })
})

it("takes its block out of the hosts file, and nothing else", () => {
  const own = "127.0.0.1 localhost\n192.0.2.9 printer\n"
  expect(withoutPeers(withPeers(own, inventory))).toBe(own)
  expect(withoutPeers(own)).toBe(own)
})
