import pc from "picocolors"
import { type BuildSummary, buildImages, type ImageResult, requireBuilt } from "../../build/containers/build.ts"
import type { ImageRecipe } from "../../build/containers/catalog.ts"
import { containerBuildErrors } from "../../build/containers/errors.ts"
import { selectImages } from "../../build/containers/select.ts"
import type { BuildSettings } from "../../build/containers/settings.ts"
import { openEngine } from "../../build/provisioner/engine.ts"
import { systemClock as clock } from "../../util/clock.ts"
import { BifrostError, messageOf } from "../../util/errors.ts"
import { pathsFrom } from "../../util/paths.ts"
import { exitCodes } from "../errors.ts"
import { bytes, elapsed, plural } from "../show/text.ts"
import type { BuildFlags } from "./build.ts"
import { buildView } from "./build-view.ts"
import { chosenImages } from "./settings.ts"

/** Builds the chosen images with all that they build on, and shows how that goes. */
export async function buildContainers(words: readonly string[], flags: BuildFlags, signal: AbortSignal): Promise<void> {
  const started = clock.now()
  const { all, names, settings } = await chosenImages(words, flags)
  const recipes = flags.skipParents ? names.map((name) => all.get(name)!) : selectImages(all, names)
  requireBuildable(recipes)
  const docker = await openEngine()
  const view = buildView(recipes.length, process.stderr, clock)
  let summary: BuildSummary
  try {
    summary = await buildImages(recipes, {
      docker,
      clock,
      refresh: new Set(flags.refresh ? recipes.map(({ definition }) => definition.name) : []),
      threads: flags.threads,
      retries: flags.retries,
      cache: pathsFrom(process.env).cache,
      signal,
      onEvent: view.take,
    })
  } finally {
    view.end()
  }
  const took = clock.now() - started
  if (flags.json) console.log(JSON.stringify(asJson(summary, recipes, settings, took), null, 2))
  else console.log(outcome(summary, took))
  tellFailures(summary, flags.json ?? false)
}

/** Before hours of work: what can only be rendered is refused. */
function requireBuildable(recipes: readonly ImageRecipe[]): void {
  const blocked = recipes.filter(({ blueprint }) => blueprint.blocked)
  if (blocked.length === 0) return
  const detail = blocked.map(({ blueprint: { name, blocked: why } }) => `\n  ${name}: ${why}`).join("")
  throw new BifrostError(containerBuildErrors.IMAGE_BLOCKED, { detail })
}

/** With one failure the command's own error says it; of several each is told, and then which they were. */
function tellFailures(summary: BuildSummary, json: boolean): void {
  const failed = summary.images.filter(({ status }) => status === "failed")
  if (json && failed.length > 0) process.exitCode = exitCodes.failed
  if (json) return
  const alone = summary.images.every(({ status }) => status !== "skipped") && failed.length === 1
  if (!alone) for (const { error } of failed) console.error(`${pc.red("error")} ${messageOf(error)}`)
  requireBuilt(summary)
}

function outcome({ images, criticalPath }: BuildSummary, took: number): string {
  const count = (status: ImageResult["status"]) => images.filter((each) => each.status === status).length
  const parts = (["built", "unchanged", "failed", "skipped"] as const)
    .filter((status) => count(status) > 0)
    .map((status) => `${count(status)} ${status}`)
  const lines = [`${plural(images.length, "image")}: ${parts.join(", ")} in ${elapsed(took)}`]
  if (count("built") > 1) lines.push(pc.dim(`longest chain: ${criticalPath.join(" → ")}`))
  return lines.join("\n")
}

function asJson(
  summary: BuildSummary,
  recipes: readonly ImageRecipe[],
  { release, installType }: BuildSettings,
  took: number,
) {
  const input = new Map(recipes.map(({ definition, hash }) => [definition.name, hash]))
  return {
    release: release.name,
    install_type: installType,
    seconds: took / 1000,
    images: summary.images.map(({ image, error, ...rest }) => ({
      image,
      input: input.get(image),
      ...rest,
      ...(error && { error: error.toJSON() }),
    })),
    critical_path: summary.criticalPath,
  }
}

/** A line for an image that has ended; nothing for one that was there. */
export function endLine({ image, status, seconds, size, because }: ImageResult): string | undefined {
  const name = image.padEnd(24)
  switch (status) {
    case "unchanged":
      return undefined
    case "built":
      return `${pc.green("✔")} ${name} built in ${elapsed(seconds * 1000)}  ${pc.dim(bytes(size ?? 0))}`
    case "failed":
      return `${pc.red("✘")} ${name} failed after ${elapsed(seconds * 1000)}`
    case "skipped":
      return `${pc.yellow("–")} ${name} not built: ${because?.join(", ")} failed`
  }
}
