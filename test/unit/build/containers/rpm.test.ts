import { expect, it } from "vitest"
import { loadImages } from "../../../../src/build/containers/catalog.ts"
import { chooseImages } from "../../../../src/build/containers/select.ts"
import { defaultSettings } from "../../../../src/build/containers/settings.ts"

const images = new URL("../../../../images", import.meta.url).pathname
const all = await loadImages(images, { ...defaultSettings, installType: "rpm", base: "rocky:9" })
const names = chooseImages(all, {}).filter((name) => name !== "debian")

/** What Rocky Linux does not have in a form that the services could use. */
const missing = {
  cron: "its cron is started by another name and options than service definitions have",
  tgtd: "Rocky Linux has no tgt; cinder's LVM backend uses lioadm there",
}

it("can build every image of a site on Rocky Linux, and says of each other one why not", () => {
  const blocked = names.flatMap((name) => {
    const why = all.get(name)!.blueprint.blocked
    return why === undefined ? [] : [[name, why]]
  })
  expect(Object.fromEntries(blocked)).toEqual(missing)
})

it.each(names)("renders %s for Rocky Linux without anything of Debian's", (name) => {
  const { dockerfile, blueprint } = all.get(name)!
  const packages = blueprint.packages ?? []
  if (packages.length > 0) expect(dockerfile).toContain(`--nodocs ${[...packages].sort().join(" ")};`)
  expect(dockerfile).not.toMatch(/apt-get|dpkg|dist-packages|-linux-gnu/)
  // Names that only Debian gives.
  expect(packages.join(" ")).not.toMatch(
    /\bpython3-(keystone|nova|neutron|glance|cinder|heat|placement)\b|t64\b|-dev\b/,
  )
})

it("builds all of them on the operator's root", () => {
  for (const name of names) {
    let at = name
    while (all.get(at)!.blueprint.from !== undefined) at = all.get(at)!.blueprint.from!
    expect(at, name).toBe("rocky")
  }
})
