import { access, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type Docker from "dockerode"
import type { Cache } from "../cache.ts"
import { publishText } from "../publish.ts"
import type { ImageRecipe } from "./catalog.ts"
import { demultiplexed } from "./engine.ts"

/** The file of a kept answer in its entry of the cache. */
const answer = "options.json"
const script = new URL("./option_names.py", import.meta.url)

/**
 * Asks an image which options its services know, in a container that has no network and is gone afterwards. undefined for an
 * image without oslo.config. src/deploy/site/option-lists.ts reads what this writes.
 */
export async function optionNamesIn(
  docker: Docker,
  reference: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  signal?.throwIfAborted()
  const container = await docker.createContainer({
    Image: reference,
    Entrypoint: ["sh", "-c", 'command -v python3 >/dev/null || exit 3; exec python3 -c "$1"', "sh"],
    Cmd: [await readFile(script, "utf8")],
    HostConfig: { NetworkMode: "none", LogConfig: { Type: "json-file", Config: {} } },
  })
  const remove = () => container.remove({ force: true }).catch(() => {})
  signal?.addEventListener("abort", remove, { once: true })
  try {
    await container.start()
    const { StatusCode } = await container.wait()
    // One that was ended knows no options, which is not to be kept.
    signal?.throwIfAborted()
    if (StatusCode !== 0) return undefined
    const text = demultiplexed(await container.logs({ stdout: true, stderr: false })).trim()
    const { options } = JSON.parse(text) as { options: object }
    return Object.keys(options).length > 0 ? `${text}\n` : undefined
  } finally {
    signal?.removeEventListener("abort", remove)
    await remove()
  }
}

export interface KeepOptions {
  readonly docker: Docker
  readonly cache: Cache
  /** `FOLDER/sha256:….json` is where plans look. */
  readonly folder: string
  readonly signal?: AbortSignal
}

/**
 * Keeps the options of an image by its digest. What is kept already is not asked again, and an image of the same inputs is
 * asked once on this machine: starting Python and importing a service takes seconds.
 */
export async function keepOptions(recipe: ImageRecipe, digest: string, keep: KeepOptions): Promise<void> {
  const file = join(keep.folder, `${digest}.json`)
  const kept = await access(file).then(
    () => true,
    () => false,
  )
  if (kept) return
  const { dir } = await keep.cache.obtain({
    kind: "options",
    name: recipe.definition.name,
    inputs: { image: recipe.hash, script: await readFile(script, "utf8") },
    needs: 10e6,
    build: async (made) =>
      writeFile(join(made, answer), (await optionNamesIn(keep.docker, recipe.reference, keep.signal)) ?? "{}\n"),
  })
  await publishText(await readFile(join(dir, answer), "utf8"), file)
}
