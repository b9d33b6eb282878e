import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import Docker from "dockerode"
import { afterAll, beforeAll, expect, it } from "vitest"
import { buildImages, requireBuilt } from "../../../../src/build/containers/build.ts"
import { loadImages } from "../../../../src/build/containers/catalog.ts"
import { selectImages } from "../../../../src/build/containers/select.ts"
import { defaultSettings } from "../../../../src/build/containers/settings.ts"
import { systemClock as clock } from "../../../../src/util/clock.ts"
import { run } from "../../../../src/util/run.ts"

/** Install type source with a project of two lines, in a builder without compilers: what takes time elsewhere is not what is tested. */
const docker = new Docker()
const namespace = `bifrost-source-${process.pid}`
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bifrost-source-"))
  const shared = await loadImages(new URL("../../../../images", import.meta.url).pathname)
  requireBuilt(await buildImages(selectImages(shared, ["debian"]), { docker, clock }))
  const base = shared.get("debian")!.reference
  await file("images/root/image.ts", definition("root", `external: true, packages: ["python3"]`))
  await file("images/source-builder/image.ts", definition("source-builder", `from: "root", packages: ["python3-venv"]`))
  const source = `source: { projects: ["demo"], wsgi: { "demo-wsgi": "demo:application" } }`
  await file("images/app/image.ts", definition("app", `from: "root", packages: ["nosuch-package"], ${source}`))
  await file("demo/demo.py", "application = 'served'\n\n\ndef main():\n    print('from source')\n")
  const scripts = `[project.scripts]\ndemo = "demo:main"\n`
  const system = `[build-system]\nrequires = ["setuptools"]\n`
  await file("demo/pyproject.toml", `${system}[project]\nname = "demo"\nversion = "1.2"\n${scripts}`)
  Object.assign(settings, { base, images: { app: { source: { demo: join(folder, "demo") } } } })
}, 600_000)

afterAll(async () => {
  const format = ["--format", "{{.Repository}}:{{.Tag}}", "--filter", `reference=${namespace}/*`]
  const { stdout } = await run("docker", ["images", ...format])
  const names = stdout.split("\n").filter(Boolean)
  if (names.length > 0) await run("docker", ["rmi", "--force", ...names]).catch(() => {})
  await rm(folder, { recursive: true, force: true })
})

const settings = { ...defaultSettings, namespace, installType: "source" as const }
const definition = (name: string, body: string) =>
  `export default { kind: "container", name: "${name}", summary: "", ${body} }\n`

async function file(path: string, content: string): Promise<void> {
  await mkdir(join(folder, path, ".."), { recursive: true })
  await writeFile(join(folder, path), content)
}

it("builds a project from a folder into a virtual environment, without pip, and puts its programs into /usr/bin", async () => {
  const all = await loadImages(join(folder, "images"), settings)
  const cache = join(folder, "cache")
  requireBuilt(await buildImages(selectImages(all, ["app"]), { docker, clock, cache }))
  const { reference } = all.get("app")!
  const command =
    "demo; readlink /usr/bin/demo; cat /usr/bin/demo-wsgi; ls /var/lib/kolla/venv/bin; command -v pip || true"
  const { stdout } = await run("docker", ["run", "--rm", "--network", "none", reference, "sh", "-c", command])
  expect(stdout).toMatch(/^from source\n\/var\/lib\/kolla\/venv\/bin\/demo\n#!\/var\/lib\/kolla\/venv\/bin\/python3\n/)
  expect(stdout).toContain("from demo import application as application")
  expect(stdout).not.toMatch(/\bpip/)

  const { Id } = await docker.getImage(reference).inspect()
  requireBuilt(await buildImages([all.get("app")!], { docker, clock, cache, refresh: new Set(["app"]) }))
  expect((await docker.getImage(reference).inspect()).Id).toBe(Id)

  await file("demo/demo.py", "application = 'changed'\n\n\ndef main():\n    print('changed')\n")
  const changed = await loadImages(join(folder, "images"), settings)
  expect(changed.get("app")!.hash).not.toBe(all.get("app")!.hash)
})
