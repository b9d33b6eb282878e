import { chmod, copyFile, mkdir, rm, stat, writeFile } from "node:fs/promises"
import { basename, join } from "node:path"
import { deploy, deployFirmware, type RamdiskDefinition } from "../../../images/ramdisk/ramdisk.ts"
import { inState } from "../../util/paths.ts"
import { run } from "../../util/run.ts"
import { type Artifact, Cache } from "../cache.ts"
import { makeDebianRoot } from "../debian.ts"
import { concatenate } from "../files.ts"
import type { Buildable, BuildContext, Built } from "../kinds.ts"
import { inProject, nodeVersion } from "../project.ts"
import { publishFile } from "../publish.ts"
import { bundleAgent } from "./agent.ts"
import { packTree } from "./archive.ts"
import { installNode, kernelVersion, layOutTree } from "./tree.ts"

const ramdisks: readonly RamdiskDefinition[] = [deploy, deployFirmware]

/** `STATE/boot/{vmlinuz,ramdisk.img,undionly.kpxe,snponly.efi}`: there is one place, so the last one that was built serves. */
export const ramdisk: Buildable = {
  kind: "ramdisk",
  summary: "kernel, deploy ramdisk and boot loaders for network boot",
  names: ramdisks.map(({ name }) => name),
  async build(name, context) {
    const definition = ramdisks.find((each) => each.name === name)!
    const built = await obtainRamdisk(inProject("src/agent/main.ts"), context, definition)
    const outputs: string[] = []
    let size = 0
    for (const file of ["vmlinuz", "ramdisk.img", ...Object.keys(definition.loaders)]) {
      const to = join(inState.boot(context.paths), file)
      await publishFile(join(built.dir, file), to)
      size += (await stat(to)).size
      outputs.push(to)
    }
    return { kind: "ramdisk", name, hash: built.hash, cached: built.cached, size, outputs } satisfies Built
  },
}

type Obtained = Artifact & { readonly cached: boolean }

/**
 * The ramdisk with the agent at `entry`. Two archives one after the other, as the kernel allows: a small one with the agent
 * and the scripts, which change often, and a large compressed one with all else, which is cached apart.
 */
export async function obtainRamdisk(
  entry: string,
  context: BuildContext,
  definition: RamdiskDefinition = deploy,
): Promise<Obtained> {
  const cache = new Cache(context.paths.cache)
  const agent = await bundleAgent(entry)
  const scripts = inProject("pxe/ramdisk")
  const base = await baseRecipe(definition, context, cache)
  return cache.obtain(
    {
      kind: "ramdisk",
      name: definition.name,
      inputs: { base: base.inputs, agent, scripts: { tree: scripts } },
      needs: 300e6,
      async build(dir) {
        const made = await cache.obtain(base, context)
        for (const file of ["vmlinuz", ...Object.keys(definition.loaders)]) {
          await copyFile(join(made.dir, file), join(dir, file))
        }
        const overlay = join(dir, "overlay")
        await mkdir(join(overlay, "usr/lib/bifrost"), { recursive: true })
        await writeFile(join(overlay, "usr/lib/bifrost/agent.mjs"), agent)
        for (const script of ["init", "usr/lib/bifrost/udhcpc", "usr/lib/bifrost/load-modules"]) {
          await copyFile(join(scripts, basename(script)), join(overlay, script))
          await chmod(join(overlay, script), 0o755)
        }
        const archive = join(dir, "overlay.cpio")
        await packTree(overlay, archive)
        await concatenate([archive, join(made.dir, "base.cpio.zst")], join(dir, "ramdisk.img"))
        await rm(archive)
        await rm(overlay, { recursive: true })
      },
    },
    context,
  )
}

async function baseRecipe(definition: RamdiskDefinition, context: BuildContext, cache: Cache) {
  const { name: _, ...content } = definition
  const { suite, components = ["main"], packages } = definition
  const root = { suite, components, packages, variant: "extract" as const }
  return {
    kind: "ramdisk",
    name: `${definition.name}-base`,
    inputs: { definition: content, node: await nodeVersion(), layout: 2 },
    needs: 1.5e9,
    async build(dir: string) {
      const unpacked = await cache.obtain(
        {
          kind: "root",
          name: `ramdisk-${definition.name}`,
          inputs: { ...root },
          needs: 1e9,
          async build(rootDir) {
            context.progress("ramdisk: unpacking Debian packages")
            await makeDebianRoot(root, join(rootDir, "root"), context)
          },
        },
        context,
      )
      const packagesRoot = join(unpacked.dir, "root")
      const tree = join(dir, "tree")
      context.progress("ramdisk: gathering programs, libraries and kernel modules")
      await layOutTree(packagesRoot, definition, tree)
      await installNode(packagesRoot, inProject("node_modules/node/bin/node"), tree)
      const archive = join(dir, "base.cpio")
      await packTree(tree, archive)
      await rm(tree, { recursive: true })
      context.progress("ramdisk: compressing")
      await run("nice", ["zstd", `-${definition.compression.level}`, "--threads=0", "--quiet", "--rm", archive])
      const version = await kernelVersion(packagesRoot)
      await copyFile(join(packagesRoot, "boot", `vmlinuz-${version}`), join(dir, "vmlinuz"))
      for (const [name, path] of Object.entries(definition.loaders)) {
        await copyFile(join(packagesRoot, path), join(dir, name))
      }
    },
  }
}
