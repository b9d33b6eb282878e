import { createHash } from "node:crypto"
import type Docker from "dockerode"
import { describe, expect, it } from "vitest"
import { keptPassword, seenFrom } from "../../../src/deploy/database-server.ts"
import { recent } from "../../../src/deploy/recent.ts"
import { foldersFrom, isDone, isServing, type Survey } from "../../../src/deploy/survey.ts"
import { labels, type Unit } from "../../../src/deploy/unit.ts"
import { Secret } from "../../../src/util/secret.ts"

const sum = (text: string) => createHash("sha256").update(text).digest("hex")
const unit: Unit = {
  ...{ name: "nova_api", folder: "/etc/kolla/nova_api", labels: { [labels.owner]: "site", [labels.config]: "c" } },
  files: [
    { path: "/etc/kolla/nova_api/config.json", content: "{}" },
    { path: "/etc/kolla/nova_api/nova.conf", content: "[DEFAULT]\n" },
  ],
  options: { Healthcheck: { Test: ["CMD", "true"] } },
}
const listed = (mode = "600", text = "{}", ...more: string[]) =>
  [
    ...[`f ${mode} nova_api/config.json`, "f 600 nova_api/nova.conf", ...more],
    ...[`${sum(text)}  ./nova_api/config.json`, `${sum("[DEFAULT]\n")}  ./nova_api/nova.conf`, ""],
  ].join("\0")
const container = (more: Partial<Docker.ContainerInfo> = {}) =>
  ({ State: "running", Status: "Up 2 minutes (healthy)", Labels: unit.labels, ...more }) as Docker.ContainerInfo
const survey = (containers: Record<string, Docker.ContainerInfo>, files = listed()): Survey => ({
  ...{ images: new Set(), volumes: new Map(), folders: foldersFrom(files) },
  containers: new Map(Object.entries(containers)),
})

describe("a survey at a host", () => {
  it("is enough for a container that was made from the same, is healthy and has its files", () => {
    expect(isServing(survey({ nova_api: container() }), unit)).toBe(true)
  })

  it.each([
    ["is not there", survey({})],
    ["ended", survey({ nova_api: container({ State: "exited", Status: "Exited (0) 1 second ago" }) })],
    ["is unhealthy", survey({ nova_api: container({ Status: "Up 2 minutes (unhealthy)" }) })],
    ["still starts", survey({ nova_api: container({ Status: "Up 2 seconds (health: starting)" }) })],
    ["is paused", survey({ nova_api: container({ State: "paused", Status: "Up 2 minutes (Paused)" }) })],
    [
      "was made from something else",
      survey({ nova_api: container({ Labels: { ...unit.labels, [labels.config]: "d" } }) }),
    ],
    ["has one set aside beside it", survey({ nova_api: container(), "nova_api-old": container() })],
    ["has an edited file", survey({ nova_api: container() }, listed("600", "{ }"))],
    ["has a file that others can read", survey({ nova_api: container() }, listed("644"))],
    ["has a file more", survey({ nova_api: container() }, listed("600", "{}", "f 600 nova_api/old.conf"))],
    ["has a directory where a file was", survey({ nova_api: container() }, listed("600", "{}", "d 755 nova_api/x"))],
    ["has no files", survey({ nova_api: container() }, "")],
  ])("is not enough for one that %s", (_, seen) => expect(isServing(seen, unit)).toBe(false))

  it("knows a task that ended well by its fingerprint", () => {
    const ended = (Status: string) => container({ State: "exited", Status, Labels: { [labels.task]: "f" } })
    expect(isDone(survey({ t: ended("Exited (0) 3 days ago") }), "t", "f")).toBe(true)
    expect(isDone(survey({ t: ended("Exited (0) 3 days ago") }), "t", "g")).toBe(false)
    expect(isDone(survey({ t: ended("Exited (1) 3 days ago") }), "t", "f")).toBe(false)
    expect(isDone(survey({}), "t", "f")).toBe(false)
    const created = (more: object) =>
      container({ State: "created", Status: "Created", Labels: { [labels.task]: "f", ...more } })
    expect(isDone(survey({ t: created({ [labels.spared]: "true" }) }), "t", "f")).toBe(true)
    expect(isDone(survey({ t: created({}) }), "t", "f")).toBe(false)
  })

  it("is shared for a moment, until something was changed; one that failed is not kept", async () => {
    let now = 0
    let looks = 0
    let broken = false
    const clock = { now: () => now, after: () => () => {}, sleep: async () => {} }
    const look = recent(clock, async () => {
      if (broken) throw new Error("broken")
      return ++looks
    })
    expect(await Promise.all([look(), look()])).toEqual([1, 1])
    look.forget()
    expect(await look()).toBe(2)
    now += 60_000
    expect(await look()).toBe(3)
    look.forget()
    broken = true
    await expect(look()).rejects.toThrow("broken")
    broken = false
    expect(await look()).toBe(4)
  })
})

it("reads what a database server has from one answer", () => {
  const seen = seenFrom("schema\tnova\nuser\tnova\t*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19\ngrant\tnova\tnova_api\n")
  expect(seen.schemas).toEqual(new Set(["nova"]))
  // SELECT PASSWORD('password') says this.
  expect(seen.users.get("nova")).toBe(keptPassword(new Secret("password")))
  expect(seen.grants).toEqual(new Set(["nova nova_api"]))
})
