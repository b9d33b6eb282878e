import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { buildImages, requireBuilt } from "../../../../src/build/containers/build.ts"
import { loadImages } from "../../../../src/build/containers/catalog.ts"
import { readOperatorFile } from "../../../../src/build/containers/operator-file.ts"
import { selectImages } from "../../../../src/build/containers/select.ts"
import { defaultSettings } from "../../../../src/build/containers/settings.ts"
import { unusedOverrides } from "../../../../src/build/containers/unused.ts"
import { inProject } from "../../../../src/build/project.ts"
import { systemClock as clock } from "../../../../src/util/clock.ts"
import { run } from "../../../../src/util/run.ts"
import { builtImages, docker } from "../../deploy/container-host.ts"
import { removeImages } from "./namespace.ts"

/**
 * All that an operator can change at once, in the definition `cron` as it stands, on the real `base`. pip finds its plugin in a
 * folder, so that no index is asked.
 */
const namespace = `bifrost-overrides-${process.pid}`
const modules = "/usr/lib/python3/dist-packages"
let folder: string
let base: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bifrost-overrides-"))
  const [recipe] = await builtImages(["base"])
  base = recipe!.reference
  await define("base", "external: true")
  await define("source-builder", `from: "base", packages: ["python3-venv"]`)
  const cron = inProject("images", "cron")
  await cp(cron, join(folder, "images", "cron"), { recursive: true })
  await file("images/cron/image.ts", `export { default } from "${join(cron, "image.ts")}"\n`)
}, 600_000)

afterAll(async () => {
  await removeImages(namespace)
  await rm(folder, { recursive: true, force: true })
})

async function file(path: string, content: string): Promise<void> {
  await mkdir(join(folder, path, ".."), { recursive: true })
  await writeFile(join(folder, path), content)
}

const define = (name: string, body: string) =>
  file(`images/${name}/image.ts`, `export default { kind: "container", name: "${name}", summary: "", ${body} }\n`)

/** What `diff -u` says of a module of the image with one more line in it. */
async function patchOf(module: string, line: string): Promise<string> {
  const { stdout } = await run("docker", ["run", "--rm", "--entrypoint", "cat", base, `${modules}/${module}`])
  await file(`a/${module}`, stdout)
  await file(`b/${module}`, `${stdout}${line}\n`)
  return (await run("diff", ["-u", `a/${module}`, `b/${module}`], { cwd: folder, accept: [1] })).stdout
}

/** A wheel of one module, in the folder that pip is told to look into. */
async function wheel(name: string, code: string): Promise<void> {
  await file(`wheel/${name}.py`, code)
  const info = `${name}-1.2.dist-info`
  await file(`wheel/${info}/METADATA`, `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.2\n`)
  await file(`wheel/${info}/WHEEL`, "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
  await file(`wheel/${info}/RECORD`, "")
  await mkdir(join(folder, "wheels"))
  const archive = join(folder, "wheels", `${name}-1.2-py3-none-any.whl`)
  await run("python3", ["-m", "zipfile", "-c", archive, `${name}.py`, info], { cwd: join(folder, "wheel") })
  Object.assign(process.env, { PIP_NO_INDEX: "1", PIP_FIND_LINKS: join(folder, "wheels") })
}

it("changes a real image in every way that images.yaml has, each at its place", async () => {
  await wheel("own_plugin", "said = 'by the plugin'\n")
  await file("own.conf", "own\n")
  await file("own.patch", await patchOf("yaml/__init__.py", "patched = 'by the patch'"))
  await file(
    "images.yaml",
    `
namespace: ${namespace}
tag: mine
base: ${base}
images:
  cron:
    packages: { replace: [cron, less], add: [xxd], remove: [less] }
    plugins: { deb: [python3-colorama], pip: [own-plugin==1.2] }
    files:
      /etc/own.conf: { source: own.conf, mode: "0640" }
    patches: [own.patch]
    blocks:
      header: |
        RUN test ! -e /usr/sbin/cron && echo header >> /blocks
      packages: |
        RUN test -e /usr/sbin/cron && test ! -e /etc/own.conf && echo packages >> /blocks
      files: |
        RUN test -e /etc/own.conf && ! grep -q ^patched ${modules}/yaml/__init__.py && echo files >> /blocks
      footer: |
        RUN grep -q ^patched ${modules}/yaml/__init__.py && echo footer >> /blocks
        ENV OWN=yes
`,
  )
  const read = await readOperatorFile(join(folder, "images.yaml"))
  const settings = { ...defaultSettings, ...read!.settings }
  const all = await loadImages(join(folder, "images"), settings)
  expect(unusedOverrides(settings, all)).toEqual([])
  requireBuilt(await buildImages(selectImages(all, ["cron"]), { docker, clock, cache: join(folder, "cache") }))

  const show = `
cat /blocks
echo $OWN
cat /etc/own.conf; stat -c %a /etc/own.conf
dpkg-query -W -f '\${db:Status-Status} \${Package}\\n' cron less logrotate patch python3-colorama xxd | grep ^installed
python3 -c 'import colorama, own_plugin, yaml; print(own_plugin.said, yaml.patched)'
test -x /etc/cron.daily/logrotate && echo its own files
`
  const { stdout } = await run("docker", [
    ...["run", "--rm", "--network", "none", "--entrypoint", "/bin/bash", `${namespace}/cron:mine`, "-c", show],
  ])
  expect(stdout.split("\n")).toEqual([
    ...["header", "packages", "files", "footer"],
    ...["yes", "own", "640"],
    ...["installed cron", "installed python3-colorama", "installed xxd"],
    ...["by the plugin by the patch", "its own files", ""],
  ])
}, 180_000)
