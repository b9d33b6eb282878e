import { expect, it } from "vitest"
import { loadImages } from "../../../../src/build/containers/catalog.ts"
import { profiles } from "../../../../src/build/containers/profiles.ts"
import { chooseImages, runningOnly, selectImages } from "../../../../src/build/containers/select.ts"
import { defaultSettings } from "../../../../src/build/containers/settings.ts"

const images = new URL("../../../../images", import.meta.url).pathname
const all = await loadImages(images)

it("takes a word for a name first, then for a regular expression", () => {
  expect(chooseImages(all, { words: ["base"] })).toEqual(["base"])
  expect(chooseImages(all, { words: ["base$"] })).toContain("openstack-base")
  expect(chooseImages(all, { words: ["^(mariadb|memcached)$"] })).toEqual(["mariadb", "memcached"])
})

it("says what there is for a word that chooses nothing, and what is wrong with an expression", () => {
  expect(() => chooseImages(all, { words: ["nosuch"] })).toThrow(/nosuch.*keystone/)
  expect(() => chooseImages(all, { words: ["("] })).toThrow(/neither an image's name nor a regular expression/)
  expect(() => chooseImages(all, { profile: "nosuch" })).toThrow(/nosuch \(expected infra/)
})

it("chooses what a site runs when nothing is said: not labs' images, tools or roots of others", () => {
  const names = chooseImages(all, {})
  expect(names).toContain("keystone")
  for (const name of ["host", "source-builder", "rocky"]) expect(names).not.toContain(name)
  expect(chooseImages(all, { words: ["host"] })).toEqual(["host"])
})

it("has every image that runs in some profile", () => {
  const running = [...all.values()].filter(({ definition }) => definition.health && !definition.lab)
  const covered = new Set(Object.keys(profiles).flatMap((profile) => chooseImages(all, { profile })))
  expect(running.map(({ definition }) => definition.name).filter((name) => !covered.has(name))).toEqual([])
})

it("adds a site's own profile", () => {
  expect(chooseImages(all, { profile: "site" }, { site: ["^memcached$"] })).toEqual(["memcached"])
})

it("brings along what an image is made with", async () => {
  const source = await loadImages(images, { ...defaultSettings, installType: "source" })
  const names = selectImages(source, ["keystone"]).map(({ definition }) => definition.name)
  expect(names.sort()).toEqual(["base", "debian", "keystone", "openstack-base", "source-builder"])
  expect(source.get("keystone")!.hash).not.toBe(all.get("keystone")!.hash)
  expect(source.get("mariadb")!.hash).toBe(all.get("mariadb")!.hash)
})

it("tells what runs from what is there to be built on", () => {
  const names = runningOnly(all, [...all.keys()]).map(({ definition }) => definition.name)
  expect(names).toContain("keystone")
  for (const parent of ["debian", "base", "openstack-base"]) expect(names).not.toContain(parent)
})
