import { chmod, copyFile, cp, readdir, rm, stat, symlink } from "node:fs/promises"
import { join } from "node:path"
import { guest as definition, type GuestDefinition } from "../../../images/guest/guest.ts"
import { inState } from "../../util/paths.ts"
import { run } from "../../util/run.ts"
import { type Artifact, Cache } from "../cache.ts"
import { makeDebianRoot } from "../debian.ts"
import type { Buildable, BuildContext } from "../kinds.ts"
import { loadersRecipe } from "../os/kind.ts"
import { inProject } from "../project.ts"
import { publishFile } from "../publish.ts"
import { packTree } from "../ramdisk/archive.ts"
import { kernelVersion, layOutTree } from "../ramdisk/tree.ts"
import { makeGuestDisk } from "./disk.ts"

/** `STATE/images/guest.raw`: a disk for `openstack image create --disk-format raw`. */
export const guest: Buildable = {
  kind: "guest",
  summary: "tiny disk image for a first instance and for tests of a cloud",
  names: [definition.name],
  async build(name, context) {
    const built = await obtainGuest(context)
    const output = join(inState.images(context.paths), `${name}.raw`)
    await publishFile(join(built.dir, `${name}.raw`), output)
    const { size } = await stat(output)
    return { kind: "guest", name, hash: built.hash, cached: built.cached, size, outputs: [output] }
  },
}

type Obtained = Artifact & { readonly cached: boolean }

/** `guest.raw` in the entry's directory. */
export function obtainGuest(context: BuildContext): Promise<Obtained> {
  const cache = new Cache(context.paths.cache)
  const { suite, packages, files, ...rest } = definition
  const root = { suite, packages, variant: "extract" as const }
  const loadersOf = loadersRecipe(suite, context)
  const overlay = { files: { tree: inProject(files) }, loadModules: { tree: inProject("pxe/ramdisk/load-modules") } }
  return cache.obtain(
    {
      kind: "guest",
      name: definition.name,
      inputs: { root, rest, overlay, loaders: loadersOf.inputs, layout: 1 },
      needs: 300e6,
      async build(dir) {
        const unpacked = await cache.obtain(
          {
            ...{ kind: "root", name: definition.name, inputs: { ...root }, needs: 1e9 },
            async build(rootDir) {
              context.progress("guest: unpacking Debian packages")
              await makeDebianRoot(root, join(rootDir, "root"), context)
            },
          },
          context,
        )
        const packagesRoot = join(unpacked.dir, "root")
        const loaders = await cache.obtain(loadersOf, { ...context, refresh: false })
        context.progress("guest: gathering programs and kernel modules")
        const initrd = await makeInitrd(packagesRoot, definition, dir)
        const kernel = join(packagesRoot, "boot", `vmlinuz-${await kernelVersion(packagesRoot)}`)
        context.progress("guest: writing the disk image")
        const image = join(dir, `${definition.name}.raw`)
        await makeGuestDisk({ kernel, initrd, cmdline: definition.cmdline, loaders: join(loaders.dir, "root"), image })
        await rm(initrd)
      },
    },
    context,
  )
}

/** The whole system is the initramfs: nothing is mounted, and nothing that it writes lasts. */
async function makeInitrd(packagesRoot: string, guest: GuestDefinition, dir: string): Promise<string> {
  const tree = join(dir, "tree")
  await layOutTree(packagesRoot, guest, tree)
  await cp(inProject(guest.files), tree, { recursive: true })
  await copyFile(inProject("pxe/ramdisk/load-modules"), join(tree, "usr/lib/guest/load-modules"))
  for (const script of await readdir(join(tree, "usr/lib/guest"))) {
    await chmod(join(tree, "usr/lib/guest", script), 0o755)
  }
  await chmod(join(tree, "root"), 0o700)
  await symlink("usr/bin/busybox", join(tree, "init"))
  const archive = join(dir, "initrd")
  await packTree(tree, archive)
  await rm(tree, { recursive: true })
  await run("nice", ["zstd", `-${guest.compression.level}`, "--threads=0", "--quiet", "--rm", archive])
  return `${archive}.zst`
}
