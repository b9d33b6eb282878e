import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { mergeOslo, type OsloConfig } from "../../../src/deploy/oslo.ts"
import { amend, mergeYaml, overridePaths } from "../../../src/deploy/overrides.ts"

const place = { service: "nova", container: "nova_api", host: "node1", file: "nova.conf" }
const files = (given: Record<string, string>) => new Map(Object.entries(given))

describe("a service's own oslo.config file", () => {
  const layers = {
    "global.conf": "[DEFAULT]\ndebug = a\nworkers = a\nlog = a\nhost = a\n",
    "nova.conf": "[DEFAULT]\nworkers = b\nlog = b\nhost = b\n",
    "nova/nova-api.conf": "[DEFAULT]\nlog = c\nhost = c\n",
    "nova/node1/nova.conf": "[DEFAULT]\nhost = d\n[new]\nkey = d\n",
    "nova/node2/nova.conf": "[DEFAULT]\nhost = never\n",
    "nova/nova_scheduler.conf": "[DEFAULT]\nhost = never\n",
  }

  it("takes the layers of kolla-ansible, later ones win key by key", () => {
    expect(amend(files(layers), place, { DEFAULT: { debug: false, only: "builtin" } })).toEqual({
      content: { DEFAULT: { debug: "a", only: "builtin", workers: "b", log: "c", host: "d" }, new: { key: "d" } },
      used: ["global.conf", "nova.conf", "nova/nova-api.conf", "nova/node1/nova.conf"],
    })
  })

  it("keeps repeated keys, `;` and `%` of an override", () => {
    const given = files({ "nova.conf": "[pci]\nalias = {a};%x\nalias = {b}\n" })
    expect(amend(given, place, { pci: { alias: "old" } }).content).toEqual({ pci: { alias: ["{a};%x", "{b}"] } })
  })

  it("names the override that cannot be read, and not what stands in it", () => {
    const given = files({ "nova.conf": "[DEFAULT]\nhunter2\n" })
    expect(() => amend(given, place, {})).toThrow(/config\/nova.conf line 2$/)
  })
})

it("does not take a service's layers into files that are not its own, such as uWSGI's", () => {
  const ini = { ...place, file: "nova-api-uwsgi.ini" }
  expect(overridePaths(ini, "oslo")).toEqual([
    "nova/nova-api-uwsgi.ini",
    "nova/nova_api/nova-api-uwsgi.ini",
    "nova/nova-api/nova-api-uwsgi.ini",
    "nova/node1/nova-api-uwsgi.ini",
  ])
})

it("merges YAML at every depth and replaces lists", () => {
  const policy = { ...place, file: "policy.yaml" }
  const given = files({ "nova/policy.yaml": "a: {x: 2, z: [9]}\n", "nova/node1/policy.yaml": "b: 1\n" })
  const { content, used } = amend(given, policy, "a: {x: 1, y: 1, z: [1, 2]}\n")
  expect(parse(content as string)).toEqual({ a: { x: 2, y: 1, z: [9] }, b: 1 })
  expect(used).toEqual(["nova/policy.yaml", "nova/node1/policy.yaml"])
  expect(() => amend(files({ "nova/policy.yaml": "a: [" }), policy, "")).toThrow(/config\/nova\/policy.yaml/)
})

it("replaces any other file, and brings one that there is only if the operator gives it", () => {
  const keyring = { ...place, service: "glance", file: "ceph.client.glance.keyring" }
  const given = files({ "glance/ceph.client.glance.keyring": "x", "glance/node1/ceph.client.glance.keyring": "y" })
  expect(amend(given, keyring, undefined)).toMatchObject({ content: "y" })
  expect(amend(new Map(), keyring, undefined)).toEqual({ content: undefined, used: [] })
})

it("leaves a file as it is when nothing is written for it", () => {
  const builtin = { DEFAULT: { debug: true } }
  expect(amend(new Map(), place, builtin).content).toBe(builtin)
})

describe("merging", () => {
  const word = fc.stringMatching(/^[a-z]{1,3}$/)
  const oslo: fc.Arbitrary<OsloConfig> = fc.dictionary(word, fc.dictionary(word, fc.oneof(word, fc.array(word))))
  const yaml = fc.dictionary(
    word,
    fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, word, fc.array(word), fc.dictionary(word, tie("value"))),
    })).value,
  )

  it("does not depend on how layers are grouped, a layer counts once, and nothing merged in changes nothing", () => {
    fc.assert(
      fc.property(oslo, oslo, oslo, (a, b, c) => {
        expect(mergeOslo(mergeOslo(a, b), c)).toEqual(mergeOslo(a, mergeOslo(b, c)))
        expect(mergeOslo(a, {})).toEqual(a)
        expect(mergeOslo(a, a)).toEqual(a)
      }),
    )
    // Not so for YAML, where a layer between may turn a map into a value and the next one back: layers merge from the left.
    fc.assert(
      fc.property(yaml, yaml, (a, b) => {
        expect(mergeYaml(mergeYaml(a, b), b)).toEqual(mergeYaml(a, b))
        expect(mergeYaml(a, {})).toEqual(a)
        expect(mergeYaml(a, a)).toEqual(a)
      }),
    )
  })

  it("lets every key of the last layer win, and loses no key of the others", () => {
    fc.assert(
      fc.property(oslo, oslo, (a, b) => {
        const merged = mergeOslo(a, b)
        for (const [section, keys] of Object.entries(b)) expect(merged[section]).toMatchObject(keys)
        for (const [section, keys] of Object.entries(a)) {
          for (const key of Object.keys(keys)) expect(Object.keys(merged[section]!)).toContain(key)
        }
      }),
    )
  })
})
