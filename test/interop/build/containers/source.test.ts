import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { buildImages, requireBuilt } from "../../../../src/build/containers/build.ts"
import { loadImages } from "../../../../src/build/containers/catalog.ts"
import { constraintsOf } from "../../../../src/build/containers/python.ts"
import { type Recipes, selectImages } from "../../../../src/build/containers/select.ts"
import { defaultSettings } from "../../../../src/build/containers/settings.ts"
import { inProject } from "../../../../src/build/project.ts"
import { systemClock as clock } from "../../../../src/util/clock.ts"
import { run } from "../../../../src/util/run.ts"
import { builtImages, docker } from "../../deploy/container-host.ts"
import { removeImages } from "./namespace.ts"

/**
 * Install type source. What takes time elsewhere and is not what is tested, such as compilers and the parent's own libraries,
 * is left out: the builder has Python and git alone, and the parent of services is the real `base`.
 */
const namespace = `bifrost-source-${process.pid}`
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bifrost-source-"))
  const [base] = await builtImages(["base"])
  await define("openstack-base", "external: true")
  await define("source-builder", `from: "openstack-base", packages: ["git", "python3-venv"]`)
  const source = `source: { projects: ["demo"], wsgi: { "demo-wsgi": "demo:application" } }`
  await define("app", `from: "openstack-base", packages: ["nosuch-package"], ${source}`)
  const placement = inProject("images", "placement-base")
  await cp(placement, join(folder, "images", "placement-base"), { recursive: true })
  await file("images/placement-base/image.ts", `export { default } from "${join(placement, "image.ts")}"\n`)
  await demo("served", "from source")
  const scripts = `[project.scripts]\ndemo = "demo:main"\n`
  const system = `[build-system]\nrequires = ["setuptools"]\n`
  await file("demo/pyproject.toml", `${system}[project]\nname = "demo"\nversion = "1.2"\n${scripts}`)
  Object.assign(settings, { base: base!.reference })
}, 600_000)

afterAll(async () => {
  await removeImages(namespace)
  await rm(folder, { recursive: true, force: true })
})

const settings = { ...defaultSettings, namespace, installType: "source" as const }
const load = (from: string) =>
  loadImages(join(folder, "images"), { ...settings, images: { app: { source: { demo: from } } } })
const make = async (all: Recipes, name: string, refresh: readonly string[] = []) => {
  const options = { docker, clock, cache: join(folder, "cache"), refresh: new Set(refresh) }
  return requireBuilt(await buildImages(selectImages(all, [name]), options))
}
const inside = async (reference: string, command: string) =>
  (await run("docker", ["run", "--rm", "--network", "none", "--entrypoint", "sh", reference, "-c", command])).stdout

async function file(path: string, content: string): Promise<void> {
  await mkdir(join(folder, path, ".."), { recursive: true })
  await writeFile(join(folder, path), content)
}

const define = (name: string, body: string) =>
  file(`images/${name}/image.ts`, `export default { kind: "container", name: "${name}", summary: "", ${body} }\n`)

const demo = (application: string, says: string) =>
  file("demo/demo.py", `application = '${application}'\n\n\ndef main():\n    print('${says}')\n`)

it("builds a project from a folder into a virtual environment, without pip, and puts its programs into /usr/bin", async () => {
  const all = await load(join(folder, "demo"))
  await make(all, "app")
  const { reference } = all.get("app")!
  const stdout = await inside(
    reference,
    "demo; readlink /usr/bin/demo; cat /usr/bin/demo-wsgi; ls /var/lib/kolla/venv/bin; command -v pip || true",
  )
  expect(stdout).toMatch(/^from source\n\/var\/lib\/kolla\/venv\/bin\/demo\n#!\/var\/lib\/kolla\/venv\/bin\/python3\n/)
  expect(stdout).toContain("from demo import application as application")
  expect(stdout).not.toMatch(/\bpip/)

  const { Id } = await docker.getImage(reference).inspect()
  await make(all, "app", ["app"])
  expect((await docker.getImage(reference).inspect()).Id).toBe(Id)

  await demo("changed", "changed")
  const changed = await load(join(folder, "demo"))
  expect(changed.get("app")!.hash).not.toBe(all.get("app")!.hash)
})

it("builds a project from a branch of a git repository of this machine, each commit as a build of its own", async () => {
  const git = (...words: string[]) =>
    run("git", ["-C", join(folder, "demo"), "-c", "user.name=t", "-c", "user.email=t@t.example", ...words])
  await demo("served", "from the branch")
  await git("init", "--quiet", "--initial-branch", "main")
  await git("add", ".")
  await git("commit", "--quiet", "--message", "One")
  await git("branch", "stable")
  await demo("served", "from the folder")
  const from = `git+file://${join(folder, "demo")}@stable`
  const all = await load(from)
  await make(all, "app")
  expect(await inside(all.get("app")!.reference, "demo")).toBe("from the branch\n")

  await git("commit", "--quiet", "--all", "--message", "Two")
  expect((await load(from)).get("app")!.hash).toBe(all.get("app")!.hash)
  await git("branch", "--force", "stable")
  expect((await load(from)).get("app")!.hash).not.toBe(all.get("app")!.hash)
  await expect(load(`${from}-not`)).rejects.toMatchObject({ code: "IMAGE_FILE" })
})

it("installs a project's own release from the index, with every version that the constraints say", async () => {
  const all = await load(join(folder, "demo"))
  await make(all, "placement-base")
  const modules = "/var/lib/kolla/venv/lib/python3*/site-packages"
  const list = `import importlib.metadata as m, sys
for each in m.distributions(path=sys.argv[1:]): print(each.metadata["Name"], each.version)`
  const command = `placement-manage --version; /var/lib/kolla/venv/bin/python3 -c '${list}' ${modules}`
  const [version, ...installed] = (await inside(all.get("placement-base")!.reference, command)).trim().split("\n")
  const plain = (name: string) => name.toLowerCase().replaceAll(/[._]/g, "-")
  const lines = constraintsOf(settings).matchAll(/^(\S+)==(\S+)$/gm)
  const pinned = new Map([...lines].map(([, name = "", its]) => [plain(name), its]))
  expect(version).toBe(pinned.get("openstack-placement"))
  const constrained = installed.map((line) => line.split(" ")).filter(([name = ""]) => pinned.has(plain(name)))
  expect(constrained.length).toBeGreaterThan(50)
  for (const [name = "", its] of constrained) expect(`${name} ${its}`).toBe(`${name} ${pinned.get(plain(name))}`)
})
