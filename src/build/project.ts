import { readFile } from "node:fs/promises"
import { join, resolve } from "node:path"

/** The project's own directory: definitions, ramdisk contents and npm packages are below it. */
export const projectRoot = resolve(import.meta.dirname, "../..")

export const inProject = (...parts: string[]) => join(projectRoot, ...parts)

/** The pinned Node's version, e.g. "24.21.0". */
export async function nodeVersion(): Promise<string> {
  const manifest = JSON.parse(await readFile(inProject("node_modules/node/package.json"), "utf8")) as {
    version: string
  }
  return manifest.version
}
