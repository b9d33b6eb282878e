import { createHash } from "node:crypto"
import { lstat, readdir, readFile, readlink } from "node:fs/promises"
import { join } from "node:path"

/** What a build depends on, by name: plain values, and files or directories given as `{ tree: PATH }`. */
export type Inputs = { readonly [name: string]: InputValue }
export type InputValue =
  | string
  | number
  | boolean
  | null
  | readonly InputValue[]
  | { readonly [key: string]: InputValue }
  | { readonly tree: string }

/** 64 hex digits that change when any value, or any file's path, link target or content, or whether it is a program, changes. */
export async function fingerprint(inputs: Inputs): Promise<string> {
  const hash = createHash("sha256")
  hash.update(JSON.stringify(await settle(inputs)))
  return hash.digest("hex")
}

/** Keys in order, trees replaced by what they hold, so that equal inputs give equal text. */
async function settle(value: InputValue): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map(settle))
  if (value === null || typeof value !== "object") return value
  const object = value as { readonly [key: string]: InputValue }
  if (typeof object["tree"] === "string" && Object.keys(object).length === 1) {
    return { tree: await listing(object["tree"]) }
  }
  const keys = Object.keys(object).sort()
  return Promise.all(keys.map(async (key) => [key, await settle(object[key]!)]))
}

/**
 * `[relative path, mode, SHA-256 or link target]` of everything below `path`, in order of path. Of the mode only what git keeps:
 * whether a file is a program. The rest is the umask of who checked it out.
 */
async function listing(path: string, relative = ""): Promise<[string, string, string][]> {
  const stat = await lstat(path)
  const mode = stat.mode & 0o100 ? "755" : "644"
  if (stat.isSymbolicLink()) return [[relative, "link", await readlink(path)]]
  if (!stat.isDirectory()) {
    const digest = createHash("sha256").update(await readFile(path))
    return [[relative, mode, digest.digest("hex")]]
  }
  const names = (await readdir(path)).sort()
  const below = await Promise.all(names.map((name) => listing(join(path, name), join(relative, name))))
  return below.flat()
}
