import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { readFile, rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { debian13, debian13Firmware } from "../../../images/os/debian-13/image.ts"
import type { OsDefinition } from "../../../images/os/definition.ts"
import { inState } from "../../util/paths.ts"
import { run } from "../../util/run.ts"
import { type Artifact, Cache, type Recipe } from "../cache.ts"
import { makeDebianRoot, type WorkOptions } from "../debian.ts"
import type { Buildable, BuildContext } from "../kinds.ts"
import { publishFile, publishText } from "../publish.ts"
import { kernelVersion } from "../ramdisk/tree.ts"
import { makeDisk } from "./disk.ts"
import type { ImageManifest } from "./manifest.ts"
import { rootRecipe } from "./root.ts"

export const systems: readonly OsDefinition[] = [debian13, debian13Firmware]

/** `STATE/images/NAME.raw.zst` and `NAME.json`. */
export const os: Buildable = {
  kind: "os",
  summary: "whole-disk image of an operating system",
  names: systems.map((system) => system.name),
  async build(name, context) {
    const system = systems.find((each) => each.name === name)!
    const built = await obtainOsImage(system, context)
    const stored = JSON.parse(await readFile(join(built.dir, "image.json"), "utf8")) as Omit<
      ImageManifest,
      "built_from"
    > & {
      kernel: string
    }
    const { kernel, ...image } = stored
    const manifest: ImageManifest = { ...image, built_from: { suite: system.suite, kernel, inputs: built.hash } }
    const image_ = join(inState.images(context.paths), manifest.file)
    const description = join(inState.images(context.paths), `${name}.json`)
    await publishFile(join(built.dir, manifest.file), image_)
    await publishText(`${JSON.stringify(manifest, null, 2)}\n`, description)
    return {
      kind: "os",
      name,
      hash: built.hash,
      cached: built.cached,
      size: manifest.size,
      outputs: [image_, description],
    }
  },
}

/** GRUB and shim, unpacked: used to make disks, not part of them. */
export function loadersRecipe(suite: string, options: WorkOptions): Recipe {
  const packages = ["grub-common", "grub-pc-bin", "grub-efi-amd64-signed", "shim-signed"]
  const root = { suite, packages, variant: "extract" as const }
  return {
    kind: "root",
    name: "boot-loaders",
    inputs: { ...root },
    needs: 500e6,
    build: (dir) => makeDebianRoot(root, join(dir, "root"), options),
  }
}

type Obtained = Artifact & { readonly cached: boolean }

/** The compressed image and `image.json` in the entry's directory. */
export function obtainOsImage(system: OsDefinition, context: BuildContext): Promise<Obtained> {
  const cache = new Cache(context.paths.cache)
  const rootOf = rootRecipe(system, context)
  const loadersOf = loadersRecipe(system.suite, context)
  const { cmdline, slack, compression } = system
  return cache.obtain(
    {
      kind: "os",
      name: system.name,
      inputs: { root: rootOf.inputs, loaders: loadersOf.inputs, cmdline, slack, compression, disk: 1 },
      needs: 4e9,
      async build(dir) {
        const root = await cache.obtain(rootOf, context)
        const loaders = await cache.obtain(loadersOf, { ...context, refresh: false })
        const image = join(dir, `${system.name}.raw`)
        context.progress(`${system.name}: writing the disk image`)
        const roots = { root: join(root.dir, "root"), loaders: join(loaders.dir, "root") }
        await makeDisk({ ...roots, cmdline, slack, work: dir, image })
        context.progress(`${system.name}: compressing`)
        await writeFile(join(dir, "image.json"), JSON.stringify(await compress(system, image, roots.root)))
      },
    },
    context,
  )
}

async function compress(system: OsDefinition, image: string, root: string) {
  const virtual_size = (await stat(image)).size
  const file = `${system.name}.raw.zst`
  await run("nice", ["zstd", `-${system.compression}`, "--threads=0", "--quiet", image, "-o", `${image}.zst`])
  await rm(image)
  const size = (await stat(`${image}.zst`)).size
  const sha256 = await digest(`${image}.zst`)
  return { name: system.name, format: "raw.zst", file, size, virtual_size, sha256, kernel: await kernelVersion(root) }
}

async function digest(path: string): Promise<string> {
  const hash = createHash("sha256")
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
  return hash.digest("hex")
}
