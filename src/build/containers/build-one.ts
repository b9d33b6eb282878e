import { createReadStream } from "node:fs"
import { mkdtemp, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import { buffer } from "node:stream/consumers"
import { pipeline } from "node:stream/promises"
import type Docker from "dockerode"
import { pack } from "tar-stream"
import type { Clock } from "../../util/clock.ts"
import { BifrostError } from "../../util/errors.ts"
import { pathsFrom } from "../../util/paths.ts"
import { run } from "../../util/run.ts"
import { debianMirror } from "../debian.ts"
import { publishText } from "../publish.ts"
import { type ImageRecipe, inputLabel } from "./catalog.ts"
import type { Bootstrap } from "./definition.ts"
import { aptLeftovers } from "./dockerfile.ts"
import { followProgress } from "./engine.ts"
import { containerBuildErrors } from "./errors.ts"
import { buildPython } from "./python-build.ts"
import { packRootfs } from "./rootfs.ts"
import { cycloneDx, packagesOf, sbomFile } from "./sbom.ts"
import { settleImage } from "./settle.ts"

export interface BuildOneOptions {
  readonly docker: Docker
  readonly clock: Clock
  readonly refresh: boolean
  /** Root of the cache of builds; asked for by images that pip has a part in. */
  readonly cache?: string
  readonly signal: AbortSignal
  readonly onLine: (line: string) => void
}

/** Builds one image, whose parent is there, and names it by its reference when it is whole. */
export async function buildOne(recipe: ImageRecipe, options: BuildOneOptions): Promise<void> {
  const { blocked } = recipe.blueprint
  if (blocked) {
    const detail = `${recipe.definition.name}: ${blocked}`
    throw new BifrostError(containerBuildErrors.IMAGE_BLOCKED, { detail })
  }
  const epoch = startOfDay(options.clock.now())
  const { bootstrap } = recipe.blueprint
  if (bootstrap) await importRoot(bootstrap, recipe, epoch, options)
  else await buildDockerfile(recipe, epoch, options)
  await settleImage(options.docker, recipe, epoch, options.onLine)
  if (options.cache !== undefined) await writeSbom(recipe, { ...options, cache: options.cache })
}

/** The list of an image's packages as a file of the cache, which `images sbom` reads. */
export async function writeSbom(
  recipe: ImageRecipe,
  { docker, cache, signal }: Pick<BuildOneOptions, "docker" | "signal"> & { readonly cache: string },
): Promise<string> {
  const file = sbomFile(cache, recipe)
  const packages = await packagesOf(docker, recipe.reference, signal)
  await publishText(`${JSON.stringify(cycloneDx(recipe, packages), null, 2)}\n`, file)
  return file
}

/** Seconds. All builds of a day, UTC, stamp what they make alike. */
export const startOfDay = (now: number) => Math.floor(now / 86_400_000) * 86_400

async function buildDockerfile(recipe: ImageRecipe, epoch: number, options: BuildOneOptions): Promise<void> {
  const { docker, signal, onLine } = options
  const context = buildContext(recipe, await pythonTree(recipe, options))
  const stream = await docker.buildImage(context, {
    t: recipe.reference,
    labels: { [inputLabel]: recipe.hash },
    buildargs: { EPOCH: String(epoch) },
    forcerm: true,
    nocache: options.refresh,
    abortSignal: signal,
  })
  const kind = containerBuildErrors.IMAGE_BUILD_FAILED
  await followProgress(docker, stream, { kind, subject: recipe.definition.name, onLine })
}

/** Dockerfile, rootfs.tar and tree.tar as one stream, since an environment has hundreds of megabytes. */
function buildContext(recipe: ImageRecipe, tree: string | undefined): Readable {
  const context = pack()
  const fill = async () => {
    context.entry({ name: "Dockerfile" }, recipe.dockerfile ?? "")
    if (recipe.files.length > 0) context.entry({ name: "rootfs.tar" }, await buffer(packRootfs(recipe.files)))
    if (tree !== undefined) {
      const { size } = await stat(tree)
      await pipeline(createReadStream(tree), context.entry({ name: "tree.tar", size }))
    }
    context.finalize()
  }
  fill().catch((error) => context.destroy(error))
  return Readable.from(context)
}

async function pythonTree(recipe: ImageRecipe, options: BuildOneOptions): Promise<string | undefined> {
  const { python } = recipe.blueprint
  if (!python || recipe.builder === undefined) return undefined
  const { docker, refresh, signal, onLine, cache = pathsFrom(process.env).cache } = options
  const image = recipe.definition.name
  return buildPython(python, { docker, cache, image, builder: recipe.builder, refresh, signal, onLine })
}

async function importRoot(
  bootstrap: Bootstrap,
  recipe: ImageRecipe,
  epoch: number,
  { docker, signal, onLine }: BuildOneOptions,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "bifrost-root-"))
  try {
    const tar = join(folder, "root.tar")
    // mmdebstrap cuts all times in the archive down to this one, and sorts it.
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(epoch) }
    await run("mmdebstrap", bootstrapArguments(recipe.suite, bootstrap, await debianMirror(), tar), {
      env,
      signal,
      onLine,
    })
    const [repo, tag] = recipe.reference.split(":")
    const stream: NodeJS.ReadableStream = await docker.importImage(createReadStream(tar), {
      repo,
      tag,
      changes: [`LABEL ${inputLabel}=${recipe.hash}`],
    })
    const kind = containerBuildErrors.IMAGE_BUILD_FAILED
    await followProgress(docker, stream, { kind, subject: recipe.definition.name })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function bootstrapArguments(suite: string, { packages, dpkg }: Bootstrap, mirror: string, target: string): string[] {
  return [
    "--variant=minbase",
    "--mode=root",
    `--include=${packages.join(",")}`,
    ...dpkg.map((line) => `--dpkgopt=${line}`),
    '--aptopt=APT::Install-Recommends "false"',
    `--customize-hook=rm -rf ${aptLeftovers.map((path) => `"$1"${path}`).join(" ")}`,
    // No translations and no extra lists: nothing in an image reads them.
    '--aptopt=Acquire::Languages "none"',
    suite,
    target,
    `deb ${mirror} ${suite} main`,
    `deb ${mirror} ${suite}-updates main`,
    `deb ${mirror}-security ${suite}-security main`,
  ]
}
