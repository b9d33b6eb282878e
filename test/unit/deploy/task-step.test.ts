import type Docker from "dockerode"
import { expect, it } from "vitest"
import type { DeployHost } from "../../../src/deploy/host.ts"
import type { SchemaDump } from "../../../src/deploy/schema-dumps.ts"
import type { Survey } from "../../../src/deploy/survey.ts"
import { taskStep } from "../../../src/deploy/task-step.ts"
import { labels, type Unit } from "../../../src/deploy/unit.ts"
import { StepGraph } from "../../../src/graph/graph.ts"
import { runGraph } from "../../../src/graph/run.ts"
import type { HostTransport } from "../../../src/transport/port.ts"
import { systemClock as clock } from "../../../src/util/clock.ts"

const unit: Unit = {
  ...{
    name: "bootstrap_keystone",
    folder: "/etc/kolla/bootstrap_keystone",
    files: [],
    labels: {},
    options: { name: "bootstrap_keystone" },
  },
}

/** A host whose containers end well as soon as they are started. */
function host() {
  const containers = new Map<string, { State: string; Labels: Record<string, string> }>()
  const started: string[] = []
  const gone = () => Object.assign(new Error("no such container"), { statusCode: 404 })
  const engine = {
    async createContainer({ name, Labels }: Docker.ContainerCreateOptions) {
      containers.set(name!, { State: "created", Labels: Labels as Record<string, string> })
    },
    getContainer: (name: string) => ({
      inspect: async () => Promise.reject(gone()),
      stop: async () => Promise.reject(gone()),
      remove: async () => void containers.delete(name),
      wait: async () => ({ StatusCode: 0 }),
      async start() {
        started.push(name)
        containers.get(name)!.State = "exited"
      },
    }),
  }
  const survey = async () => ({
    ...{ images: new Set(), volumes: new Map(), folders: new Map() },
    containers: new Map([...containers].map(([name, each]) => [name, { ...each, Status: "Exited (0) 1 second ago" }])),
  })
  const made = {
    entry: { name: "host1", address: "", port: 22, user: "root", hostKey: "", groups: [] },
    transport: {
      ...{ engine, list: async () => [], exec: async () => ({ code: 0, stdout: "", stderr: "" }) },
    } as unknown as HostTransport,
    facts: async () => ({ cpus: 1, memoryMb: 1, interfaces: [] }),
    survey: survey as unknown as () => Promise<Survey>,
    touched() {},
  } satisfies DeployHost
  return { host: made, started, containers }
}

async function runTask(dump: SchemaDump | undefined, idle?: string) {
  const { host: at, started, containers } = host()
  const tables = new Map<string, readonly string[]>()
  const server = {
    look: async () => undefined,
    tables: async () => tables,
    isEmpty: async () => false,
    run: async () => void tables.set("keystone", ["user"]),
  }
  const step = taskStep({
    ...{ id: "host1/task/bootstrap_keystone", after: [], host: at, clock, secrets: [], unit: async () => unit },
    ...{
      fingerprint: async () => "f",
      schema: { server, databases: ["keystone"], dump: async () => dump },
      idle: async () => idle,
    },
  })
  const run = () => runGraph(new StepGraph([step]), { clock, signal: new AbortController().signal })
  return { run, started, label: () => containers.get(unit.name)?.Labels[labels.spared] }
}

it("is spared where its databases are empty and its image has a dump; its container is the record all the same", async () => {
  const { run, started, label } = await runTask({ version: 1, databases: { keystone: "CREATE TABLE user (id INT);" } })
  const target = "schema of database keystone"
  expect((await run()).steps).toMatchObject([{ status: "changed", changes: [{ action: "create", target }] }])
  expect(started).toEqual([])
  expect(label()).toBe("its databases were loaded from its image's dump")
  expect((await run()).steps).toMatchObject([{ status: "unchanged" }])
})

it("is spared where there is nothing that it would work on", async () => {
  const { run, started, label } = await runTask(undefined, "keystone.credential is empty")
  const change = { action: "create", target: `task ${unit.name}`, reason: "not run: keystone.credential is empty" }
  expect((await run()).steps).toMatchObject([{ status: "changed", changes: [change] }])
  expect(started).toEqual([])
  expect(label()).toBe("keystone.credential is empty")
  expect((await run()).steps).toMatchObject([{ status: "unchanged" }])
})

it("is run where its image has none", async () => {
  const { run, started, label } = await runTask(undefined)
  expect((await run()).steps).toMatchObject([{ status: "changed", changes: [{ action: "run" }] }])
  expect(started).toEqual([unit.name])
  expect(label()).toBeUndefined()
  expect((await run()).steps).toMatchObject([{ status: "unchanged" }])
})
