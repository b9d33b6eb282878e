import { describe, expect, it } from "vitest"
import { loadImages } from "../../../../src/build/containers/catalog.ts"
import { constraintsOf, projectOf } from "../../../../src/build/containers/python.ts"
import { findRelease, releases } from "../../../../src/build/containers/releases.ts"
import { chooseImages } from "../../../../src/build/containers/select.ts"
import { defaultSettings } from "../../../../src/build/containers/settings.ts"

const images = new URL("../../../../images", import.meta.url).pathname
const byDefault = await loadImages(images)
const core = chooseImages(byDefault, { profile: "core" })

describe.each(releases.map(({ name }) => name))("OpenStack %s from source", (name) => {
  const release = findRelease(name)
  const loading = loadImages(images, { ...defaultSettings, release, installType: "source" })

  it("has every core image, and a version of every project in them", async () => {
    const all = await loading
    const versions = new Set(constraintsOf({ release }).match(/^[^#=\s]+(?===)/gm))
    const environments = core.map((each) => all.get(each)!).filter(({ blueprint }) => blueprint.python)
    expect(environments.length).toBeGreaterThan(5)
    for (const each of core) expect(all.get(each)!.blueprint.blocked, each).toBeUndefined()
    for (const { definition, dockerfile, blueprint } of environments) {
      expect(dockerfile, definition.name).toContain("ADD tree.tar /")
      for (const requirement of blueprint.python!.requirements) expect(versions).toContain(projectOf(requirement))
    }
  })

  it("differs from the default in what has OpenStack in it, and only in that", async () => {
    const all = await loading
    expect(all.get("keystone")!.hash).not.toBe(byDefault.get("keystone")!.hash)
    for (const each of ["base", "mariadb", "rabbitmq"]) expect(all.get(each)!.hash).toBe(byDefault.get(each)!.hash)
  })
})

it("gives two releases two hashes of the same image", async () => {
  const hashes = await Promise.all(
    releases.map(async (release) => {
      const all = await loadImages(images, { ...defaultSettings, release, installType: "source" })
      return all.get("nova-api")!.hash
    }),
  )
  expect(new Set(hashes).size).toBe(releases.length)
})

it("refuses Debian's packages for a release that the suite does not have, and says how it comes", async () => {
  const all = await loadImages(images, { ...defaultSettings, release: findRelease("2025.2") })
  expect(all.get("keystone")!.blueprint.blocked).toMatch(
    /trixie does not have OpenStack 2025\.2.*--install-type source/,
  )
  expect(all.get("mariadb")!.blueprint.blocked).toBeUndefined()
})

it("makes the root of all images, and so all of them, from the release's suite", async () => {
  const all = await loadImages(images, {
    ...defaultSettings,
    release: { name: "later", suite: "forky", constraints: "2025.2.txt" },
  })
  expect(byDefault.get("debian")!.suite).toBe("trixie")
  expect(all.get("debian")!.suite).toBe("forky")
  expect(all.get("debian")!.dockerfile).toBeUndefined()
  for (const [name, { hash, blueprint }] of all) {
    if (!blueprint.external) expect(hash, name).not.toBe(byDefault.get(name)!.hash)
  }
})
