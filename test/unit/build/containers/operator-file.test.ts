import fc from "fast-check"
import { expect, it } from "vitest"
import { loadImages } from "../../../../src/build/containers/catalog.ts"
import { faultLine, parseOperatorFile } from "../../../../src/build/containers/operator-file.ts"
import { defaultSettings } from "../../../../src/build/containers/settings.ts"
import { unusedOverrides } from "../../../../src/build/containers/unused.ts"

const images = new URL("../../../../images", import.meta.url).pathname
const faults = (text: string) => parseOperatorFile(text, "/site").faults.map((each) => faultLine("images.yaml", each))

it("reads what the operator decides, with paths made absolute", () => {
  const { settings } = parseOperatorFile(
    `
release: "2025.1"
install_type: source
namespace: cloud/kolla
tag: mine
images:
  keystone:
    packages: { add: [vim-tiny], remove: [curl] }
    blocks:
      footer: |
        RUN true
    files:
      /etc/keystone/idp.pem: { source: files/idp.pem, mode: "0640" }
    plugins: { pip: ["keystone-x==1"] }
    patches: [patches/one.patch]
    source: { keystone: ../keystone }
`,
    "/site",
  )
  expect(settings).toMatchObject({ installType: "source", namespace: "cloud/kolla", tag: "mine" })
  expect(settings!.images!["keystone"]).toEqual({
    packages: { add: ["vim-tiny"], remove: ["curl"] },
    blocks: { footer: "RUN true\n" },
    files: { "/etc/keystone/idp.pem": { source: "/site/files/idp.pem", mode: "0640" } },
    plugins: { pip: ["keystone-x==1"] },
    patches: ["/site/patches/one.patch"],
    source: { keystone: "/keystone" },
  })
})

it("names every error with its line and column, and what was meant", () => {
  expect(
    faults(`install_type: snap
images:
  keystone:
    packges: { add: [x] }
    packages: { add: x }
    files:
      etc/x: { source: x }
`),
  ).toEqual([
    'images.yaml:1:15: install_type is "snap" (expected deb, source, rpm)',
    expect.stringMatching(/^images\.yaml:4:5: unknown key images\.keystone\.packges, did you mean "packages"\?/),
    expect.stringMatching(/^images\.yaml:5:22: images\.keystone\.packages\.add is "x" \(expected array\)/),
    expect.stringMatching(/^images\.yaml:7:7: unknown key images\.keystone\.files\.etc\/x/),
  ])
  expect(faults("a: [")[0]).toMatch(/^images\.yaml:1:\d+: not YAML/)
  expect(faults("")).toEqual([])
})

it("never throws, whatever the file holds", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseOperatorFile(text, "/site")))
})

it("tells an unknown image from an override without effect", async () => {
  const overrides = {
    keystne: {},
    keystone: { packages: { remove: ["nosuch"], add: ["python3-keystone"] }, source: { keystone: "1.0" } },
  }
  const settings = { ...defaultSettings, images: overrides }
  const found = unusedOverrides(settings, await loadImages(images, settings))
  expect(found.map(({ severity, what }) => `${severity}: ${what}`)).toEqual([
    'error: no image is called keystne, did you mean "keystone"?',
    "warning: keystone does not have the package nosuch",
    "warning: keystone has the package python3-keystone already",
    "warning: source is for install type source, and this is deb",
  ])
})
