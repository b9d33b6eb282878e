import { access, readFile } from "node:fs/promises"
import { join } from "node:path"
import type Docker from "dockerode"
import { publishText } from "../publish.ts"
import { demultiplexed } from "./engine.ts"

const script = new URL("./option_names.py", import.meta.url)

/**
 * Asks an image which options its services know, in a container that has no network and is gone afterwards. undefined for an
 * image without oslo.config. src/deploy/site/option-lists.ts reads what this writes.
 */
export async function optionNamesIn(docker: Docker, reference: string): Promise<string | undefined> {
  const container = await docker.createContainer({
    Image: reference,
    Entrypoint: ["sh", "-c", 'command -v python3 >/dev/null || exit 3; exec python3 -c "$1"', "sh"],
    Cmd: [await readFile(script, "utf8")],
    HostConfig: { NetworkMode: "none", LogConfig: { Type: "json-file", Config: {} } },
  })
  try {
    await container.start()
    const { StatusCode } = await container.wait()
    if (StatusCode !== 0) return undefined
    const text = demultiplexed(await container.logs({ stdout: true, stderr: false })).trim()
    const { options } = JSON.parse(text) as { options: object }
    return Object.keys(options).length > 0 ? `${text}\n` : undefined
  } finally {
    await container.remove({ force: true }).catch(() => {})
  }
}

/** Keeps the options of an image by its digest: `FOLDER/sha256:….json`. What is kept already is not asked again. */
export async function keepOptions(docker: Docker, reference: string, digest: string, folder: string): Promise<void> {
  const file = join(folder, `${digest}.json`)
  const kept = await access(file).then(
    () => true,
    () => false,
  )
  if (!kept) await publishText((await optionNamesIn(docker, reference)) ?? "{}\n", file)
}
