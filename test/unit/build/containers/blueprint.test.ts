import { expect, it } from "vitest"
import { blueprintOf } from "../../../../src/build/containers/blueprint.ts"
import { defineImage } from "../../../../src/build/containers/definition.ts"
import { renderDockerfile } from "../../../../src/build/containers/dockerfile.ts"
import type { ImageOverride } from "../../../../src/build/containers/overrides.ts"
import { type BuildSettings, defaultSettings, type InstallType } from "../../../../src/build/containers/settings.ts"

const keystone = defineImage({
  name: "keystone",
  summary: "",
  from: "openstack-base",
  packages: ["python3-keystone", "curl"],
  source: {
    projects: ["keystone[ldap]"],
    packages: ["libldap2"],
    wsgi: { "keystone-wsgi-public": "keystone.server.wsgi:application()" },
  },
  rpm: { packages: ["openstack-keystone"] },
  user: { name: "keystone", id: 42425, home: "/var/lib/keystone" },
})

const under = (installType: InstallType, override: ImageOverride = {}): BuildSettings => ({
  ...defaultSettings,
  installType,
  images: { keystone: override },
})
const dockerfile = (settings: BuildSettings) =>
  renderDockerfile(blueprintOf(keystone, settings), "parent:1", "keystone")

it("installs OpenStack from a virtual environment under install type source, and only the libraries from Debian", () => {
  const image = blueprintOf(keystone, under("source"))
  expect(image.python).toMatchObject({ kind: "venv", requirements: ["keystone[ldap]"], target: "/var/lib/kolla/venv" })
  expect(image.packages).toEqual(["libldap2"])
  expect(image.written[0]!.content.toString()).toBe(
    "#!/var/lib/kolla/venv/bin/python3\nfrom keystone.server.wsgi import application\n\napplication = application()\n",
  )
  const text = dockerfile(under("source"))
  expect(text).toContain("ADD tree.tar /\n# in rootfs.tar: 0755 /usr/bin/keystone-wsgi-public\nADD rootfs.tar /")
  expect(text).toContain('ENV VIRTUAL_ENV="/var/lib/kolla/venv"')
  expect(text).not.toContain("python3-keystone")
})

it("builds a project from a folder, a version or an address", () => {
  const requirement = (from: string) =>
    blueprintOf(keystone, under("source", { source: { keystone: from } })).python!.requirements[0]
  expect(requirement("/home/me/keystone")).toBe("/source/keystone[ldap]")
  expect(requirement("27.1.0")).toBe("keystone[ldap]==27.1.0")
  expect(requirement("git+https://example.net/keystone@mine")).toBe(
    "keystone[ldap] @ git+https://example.net/keystone@mine",
  )
  const { folders } = blueprintOf(keystone, under("source", { source: { keystone: "/home/me/keystone" } })).python!
  expect(folders).toEqual({ keystone: "/home/me/keystone" })
})

it("uses dnf under install type rpm, and says why an image cannot be built", () => {
  expect(dockerfile(under("rpm"))).toContain(
    "dnf install -y --setopt=install_weak_deps=False --nodocs openstack-keystone",
  )
  const bare = defineImage({ name: "bare", summary: "", from: "base", packages: ["x"] })
  expect(blueprintOf(bare, under("rpm")).blocked).toMatch(/no packages of install type rpm/)
  const rocky = defineImage({ name: "rocky", summary: "", external: true })
  expect(blueprintOf(rocky, under("rpm")).blocked).toMatch(/no base image/)
  const named = { ...under("rpm"), base: "rocky:9", rpmRepositories: { rdo: "http://mirror.example/rdo" } }
  expect(blueprintOf(rocky, named).blocked).toBeUndefined()
  expect(blueprintOf(rocky, named).written[0]!.content.toString()).toContain("baseurl=http://mirror.example/rdo")
})

it("adds, removes and replaces packages", () => {
  const packages = (override: ImageOverride) => blueprintOf(keystone, under("deb", override)).packages
  expect(packages({ packages: { add: ["vim-tiny"], remove: ["curl"] } })).toEqual(["python3-keystone", "vim-tiny"])
  expect(packages({ packages: { replace: ["a"], add: ["b"] } })).toEqual(["a", "b"])
  expect(packages({ plugins: { deb: ["p"] } })).toEqual(["python3-keystone", "curl", "p"])
})

it("puts an operator's lines at their places, before the container's user is set", () => {
  const blocks = { header: "LABEL a=b\n", packages: "RUN one", files: "RUN two", footer: "ENV C=d\nRUN three" }
  const lines = dockerfile(under("deb", { blocks })).split("\n")
  expect(lines.slice(0, 4)).toEqual(["FROM parent:1", "USER root", "ARG EPOCH", "LABEL a=b"])
  expect(lines.slice(-4)).toEqual(["ENV C=d", "RUN three", "USER keystone", ""])
  expect(lines.indexOf("RUN one")).toBeLessThan(lines.indexOf("RUN two"))
})

it("applies patches to Python's modules in the order given, and keeps them in the image", () => {
  const text = dockerfile(under("deb", { patches: ["/site/b.patch", "/site/a.patch"] }))
  const [first, second] = ["000-b.patch", "001-a.patch"].map((name) =>
    text.indexOf(`patch --batch --forward -p1 < /usr/share/bifrost-ts/patches/keystone/${name}`),
  )
  expect(first).toBeGreaterThan(0)
  expect(second).toBeGreaterThan(first!)
})

it("adds plugins to a virtual environment with what they need, and to Debian's modules without", () => {
  const plugins = { pip: ["networking-x==1"] }
  expect(blueprintOf(keystone, under("source", { plugins })).python!.requirements).toEqual([
    "keystone[ldap]",
    "networking-x==1",
  ])
  expect(blueprintOf(keystone, under("deb", { plugins })).python).toMatchObject({
    kind: "plugins",
    target: "/usr/local/lib/PYTHON/dist-packages",
  })
})

it("takes an operator's own root in place of the bootstrapped one", () => {
  const debian = defineImage({
    name: "debian",
    summary: "",
    bootstrap: { packages: ["ca-certificates"], dpkg: ["path-exclude=/usr/share/man/*"] },
  })
  const image = blueprintOf(debian, { ...defaultSettings, base: "registry.example/debian:13" })
  expect(image).toMatchObject({ external: true, packages: ["ca-certificates"] })
  expect(image.written[0]).toMatchObject({ path: "/etc/dpkg/dpkg.cfg.d/bifrost" })
})
