import type { Command } from "commander"
import pc from "picocolors"
import { Cache, megabytes } from "../build/cache.ts"
import { findBuildable, kinds } from "../build/kinds.ts"
import { pathsFrom } from "../util/paths.ts"
import { registerImagesPush } from "./images-push.ts"
import { table } from "./table.ts"

/** `bifrost-ts images build|list|prune`. */
export function registerImages(program: Command): void {
  const images = program.command("images").description("build what machines boot and run; list and prune the cache")
  const what = kinds.map((kind) => `  ${kind.kind} [${kind.names.join(" | ")}]  ${kind.summary}`)

  images
    .command("build")
    .argument("<kind>", kinds.map((kind) => kind.kind).join(", "))
    .argument("[name]", "which one; the first of its kind when not given")
    .option("--refresh", "build again although nothing has changed, for newer packages")
    .option("--json", "print the result as JSON")
    .addHelpText("after", `\nKinds:\n${what.join("\n")}`)
    .action(build)

  images.command("list").description("what the cache holds").option("--json", "print JSON").action(list)

  images
    .command("prune")
    .description("remove all but the newest build of each thing from the cache")
    .option("--all", "the newest ones too: everything is built anew next time")
    .option("--json", "print JSON")
    .action(prune)

  registerImagesPush(images)
}

async function build(kind: string, name: string | undefined, options: { refresh?: boolean; json?: boolean }) {
  const found = findBuildable(kind, name)
  const started = Date.now()
  const seconds = () => ((Date.now() - started) / 1000).toFixed(1)
  // Progress is for people: it stays out of what a program reads.
  const progress = (line: string) => console.error(`${pc.dim(`${seconds().padStart(6)} s`)}  ${line}`)
  const interrupted = new AbortController()
  const interrupt = () => interrupted.abort(new Error("interrupted; nothing half-built is left"))
  process.once("SIGINT", interrupt)
  process.once("SIGTERM", interrupt)
  const built = await found.buildable.build(found.name, {
    paths: pathsFrom(process.env),
    refresh: options.refresh ?? false,
    progress,
    signal: interrupted.signal,
  })
  if (options.json) return console.log(JSON.stringify({ ...built, seconds: Number(seconds()) }, null, 2))
  const how = built.cached ? "nothing had changed" : `built in ${seconds()} s`
  console.log(`${built.kind} ${built.name}: ${how}, ${megabytes(built.size)}`)
  for (const output of built.outputs) console.log(`  ${output}`)
}

async function list(options: { json?: boolean }) {
  const artifacts = await new Cache(pathsFrom(process.env).cache).list()
  if (options.json) return console.log(JSON.stringify(artifacts, null, 2))
  if (artifacts.length === 0) return console.log("The cache is empty.")
  const rows = artifacts.map((each) => [
    each.kind,
    each.name,
    each.hash.slice(0, 16),
    megabytes(each.bytes),
    `${each.seconds} s`,
    each.built_at.slice(0, 16).replace("T", " "),
  ])
  console.log(table(["KIND", "NAME", "INPUTS", "SIZE", "TOOK", "BUILT (UTC)"], rows))
}

async function prune(options: { all?: boolean; json?: boolean }) {
  const removed = await new Cache(pathsFrom(process.env).cache).prune({ all: options.all ?? false })
  if (options.json) return console.log(JSON.stringify(removed, null, 2))
  const freed = removed.reduce((sum, each) => sum + each.bytes, 0)
  for (const each of removed) console.log(`removed ${each.kind} ${each.name} ${each.hash.slice(0, 16)}`)
  console.log(`${removed.length} removed, ${megabytes(freed)} freed`)
}
