import { createReadStream } from "node:fs"
import { access, chmod, cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Readable } from "node:stream"
import type Docker from "dockerode"
import { pack } from "tar-stream"
import { provisionerDefinition as definition } from "../../../images/provisioner/image.ts"
import { run } from "../../util/run.ts"
import { Cache, type Recipe } from "../cache.ts"
import { makeDebianRoot } from "../debian.ts"
import { fingerprint } from "../fingerprint.ts"
import type { Buildable, BuildContext } from "../kinds.ts"
import { inProject, nodeVersion } from "../project.ts"
import { followEngine, hasImage, openEngine } from "./engine.ts"
import { productionPackages } from "./packages.ts"
import { addTree } from "./tar.ts"

const REPOSITORY = "bifrost-ts/provisioner"

/** `bifrost-ts/provisioner:latest` and `:HASH` in the local engine. */
export const provisioner: Buildable = {
  kind: "provisioner",
  summary: "the service's own container image, in the local Docker Engine",
  names: ["service"],
  async build(_name, context) {
    const engine = await openEngine()
    const base = await baseRecipe(context)
    const sources = definition.files.filter((file) => file !== "package-lock.json")
    const trees = await existing(sources)
    const inputs = { base: base.inputs, files: trees.map((tree) => ({ tree: inProject(tree) })) }
    const hash = await fingerprint(inputs)
    const reference = `${REPOSITORY}:${hash.slice(0, 12)}`
    const cached = !context.refresh && (await hasImage(engine, reference))
    if (!cached) {
      const from = await importBase(engine, base, context)
      context.progress("provisioner: adding the project's files")
      await addProject(engine, from, trees, reference)
    }
    await engine.getImage(reference).tag({ repo: REPOSITORY, tag: "latest" })
    const { Size } = await engine.getImage(reference).inspect()
    return {
      kind: "provisioner",
      name: "service",
      hash,
      cached,
      size: Size,
      outputs: [reference, `${REPOSITORY}:latest`],
    }
  },
}

async function existing(files: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    files.map((file) =>
      access(inProject(file)).then(
        () => [file],
        () => [],
      ),
    ),
  )
  return found.flat()
}

/** Debian packages, Node and npm packages: what seldom changes, as one archive of a root filesystem. */
async function baseRecipe(context: BuildContext): Promise<Recipe> {
  const { suite, packages, exclude, user, capabilities } = definition
  const lock = await readFile(inProject("package-lock.json"), "utf8")
  const modules = productionPackages(lock)
  const customize = [
    `chroot "$1" groupadd --gid ${user.id} ${user.name}`,
    `chroot "$1" useradd --uid ${user.id} --gid ${user.id} --no-create-home --home-dir /var/lib/bifrost-ts --shell /usr/sbin/nologin ${user.name}`,
  ]
  return {
    kind: "provisioner",
    name: "base",
    inputs: { suite, packages, exclude, customize, capabilities, modules, lock, node: await nodeVersion() },
    needs: 1.5e9,
    async build(dir) {
      const root = join(dir, "root")
      context.progress("provisioner: installing Debian packages")
      await makeDebianRoot({ suite, packages, exclude, customize, variant: "minbase" }, root, context)
      await run("strip", ["--strip-all", "-o", join(root, "usr/bin/node"), inProject("node_modules/node/bin/node")])
      await chmod(join(root, "usr/bin/node"), 0o755)
      for (const module of await existing(modules)) {
        await cp(inProject(module), join(root, "opt/bifrost-ts", module), { recursive: true })
      }
      const serve = join(root, "usr/bin/serve")
      await writeFile(serve, '#!/bin/sh\nexec /opt/bifrost-ts/bin/bifrost-ts serve "$@"\n')
      await chmod(serve, 0o755)
      await symlink("/opt/bifrost-ts/bin/bifrost-ts", join(root, "usr/bin/bifrost-ts"))
      await mkdir(join(root, "opt/bifrost-ts/node_modules/.bin"), { recursive: true })
      await symlink("/usr/bin/node", join(root, "opt/bifrost-ts/node_modules/.bin/node"))
      await mkdir(join(root, "var/lib/bifrost-ts"), { recursive: true })
      await run("chroot", [root, "chown", "-R", "0:0", "/opt/bifrost-ts"])
      await run("chroot", [root, "chown", `${user.id}:${user.id}`, "/var/lib/bifrost-ts"])
      for (const [program, has] of Object.entries(capabilities)) await run("chroot", [root, "setcap", has, program])
      const archive = ["--xattrs", "--xattrs-include=security.capability", "--numeric-owner", "--one-file-system"]
      await run("tar", ["--create", ...archive, "--file", join(dir, "root.tar"), "--directory", root, "."])
      await rm(root, { recursive: true })
    },
  }
}

async function importBase(engine: Docker, base: Recipe, context: BuildContext): Promise<string> {
  const made = await new Cache(context.paths.cache).obtain(base, context)
  const tag = `base-${made.hash.slice(0, 12)}`
  const reference = `${REPOSITORY}:${tag}`
  if (!(await hasImage(engine, reference)) || !made.cached) {
    context.progress("provisioner: importing the root filesystem")
    const stream = await engine.importImage(createReadStream(join(made.dir, "root.tar")), { repo: REPOSITORY, tag })
    await followEngine(engine, stream)
  }
  return reference
}

/** A second, thin layer with the project's files: a change in the sources costs a second or two, not a new root. */
async function addProject(engine: Docker, from: string, trees: readonly string[], reference: string): Promise<void> {
  const dockerfile = `FROM ${from}
COPY project /opt/bifrost-ts
ENV NODE_ENV=production BIFROST_IN_CONTAINER=1
WORKDIR /opt/bifrost-ts
CMD ["serve"]
`
  const context = pack()
  context.entry({ name: "Dockerfile" }, dockerfile)
  const packing = (async () => {
    for (const tree of trees) await addTree(context, inProject(tree), `project/${tree}`)
    context.finalize()
  })()
  const stream = await engine.buildImage(Readable.from(context), { t: reference, rm: true })
  await Promise.all([packing, followEngine(engine, stream)])
}
