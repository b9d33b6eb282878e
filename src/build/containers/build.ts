import { createReadStream } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import type Docker from "dockerode"
import { pack } from "tar-stream"
import type { Clock } from "../../util/clock.ts"
import { run } from "../../util/run.ts"
import { debianMirror } from "../debian.ts"
import { type ImageRecipe, inputLabel, localReference } from "./catalog.ts"
import type { Bootstrap } from "./definition.ts"
import { contextPath } from "./dockerfile.ts"
import { followProgress } from "./engine.ts"
import { containerBuildErrors } from "./errors.ts"

export interface BuildOptions {
  readonly docker: Docker
  readonly clock: Clock
  /** Build although an image of the same inputs is there: for newer packages. */
  readonly refresh?: boolean
  readonly signal?: AbortSignal
  readonly onEvent?: (event: BuildEvent) => void
}

export type BuildEvent =
  | { readonly kind: "begin"; readonly image: string }
  | { readonly kind: "line"; readonly image: string; readonly line: string }
  | { readonly kind: "end"; readonly image: string; readonly result: BuildResult }

export interface BuildResult {
  readonly image: string
  readonly reference: string
  readonly built: boolean
  readonly seconds: number
  /** Bytes, uncompressed, shared layers included. */
  readonly size: number
}

/** Builds what has no image of its input hash yet. `recipes` come parents first, as `selectImages` gives them. */
export async function buildImages(recipes: readonly ImageRecipe[], options: BuildOptions): Promise<BuildResult[]> {
  const results: BuildResult[] = []
  for (const recipe of recipes) {
    options.signal?.throwIfAborted()
    const image = recipe.definition.name
    const reference = localReference(image, recipe.hash)
    const startedAt = options.clock.now()
    const known = !options.refresh && (await findImage(options.docker, reference))
    if (!known) {
      options.onEvent?.({ kind: "begin", image })
      await buildOne(recipe, reference, options)
    }
    const { Size: size } = await options.docker.getImage(reference).inspect()
    const seconds = (options.clock.now() - startedAt) / 1000
    const result = { image, reference, built: !known, seconds, size }
    options.onEvent?.({ kind: "end", image, result })
    results.push(result)
  }
  return results
}

async function findImage(docker: Docker, reference: string): Promise<boolean> {
  const found = await docker.listImages({ filters: { reference: [reference] } })
  return found.length > 0
}

async function buildOne(recipe: ImageRecipe, reference: string, options: BuildOptions): Promise<void> {
  const image = recipe.definition.name
  const onLine = (line: string) => options.onEvent?.({ kind: "line", image, line })
  const { bootstrap } = recipe.definition
  if (bootstrap) return importRoot(bootstrap, recipe, reference, options, onLine)
  const context = pack()
  context.entry({ name: "Dockerfile" }, recipe.dockerfile ?? "")
  // A fixed time: the layer's digest must follow from the content alone.
  for (const [source, content] of recipe.files)
    context.entry({ name: contextPath(source), mtime: new Date(0) }, content)
  context.finalize()
  const stream = await options.docker.buildImage(Readable.from(context), {
    t: reference,
    labels: { [inputLabel]: recipe.hash },
    forcerm: true,
    nocache: options.refresh ?? false,
    ...(options.signal && { abortSignal: options.signal }),
  })
  await followProgress(options.docker, stream, {
    kind: containerBuildErrors.IMAGE_BUILD_FAILED,
    subject: image,
    onLine,
  })
}

async function importRoot(
  bootstrap: Bootstrap,
  recipe: ImageRecipe,
  reference: string,
  options: BuildOptions,
  onLine: (line: string) => void,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "bifrost-root-"))
  try {
    const tar = join(folder, "root.tar")
    await run("mmdebstrap", bootstrapArguments(bootstrap, await debianMirror(), tar), {
      onLine,
      ...(options.signal && { signal: options.signal }),
    })
    const [repo, tag] = reference.split(":")
    const stream: NodeJS.ReadableStream = await options.docker.importImage(createReadStream(tar), {
      repo,
      tag,
      changes: [`LABEL ${inputLabel}=${recipe.hash}`],
    })
    await followProgress(options.docker, stream, {
      kind: containerBuildErrors.IMAGE_BUILD_FAILED,
      subject: recipe.definition.name,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function bootstrapArguments({ suite, packages, dpkg }: Bootstrap, mirror: string, target: string): string[] {
  return [
    "--variant=minbase",
    "--mode=root",
    "--quiet",
    `--include=${packages.join(",")}`,
    ...dpkg.map((line) => `--dpkgopt=${line}`),
    '--aptopt=APT::Install-Recommends "false"',
    // No translations and no extra lists: nothing in an image reads them.
    '--aptopt=Acquire::Languages "none"',
    suite,
    target,
    `deb ${mirror} ${suite} main`,
    `deb ${mirror} ${suite}-updates main`,
    `deb ${mirror}-security ${suite}-security main`,
  ]
}
