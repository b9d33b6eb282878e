import { randomUUID } from "node:crypto"
import { constants, copyFile, mkdir, readdir, rename, rm, stat, statfs, utimes, writeFile } from "node:fs/promises"
import { dirname, join, relative } from "node:path"
import { BifrostError } from "../util/errors.ts"
import { megabytes } from "./cache.ts"
import { buildErrors } from "./errors.ts"

/**
 * Copies a finished file to where nodes fetch it, all at once by a rename, so that a transfer under way keeps reading the
 * file it began with. A file that is there already (same size and time) is left alone: false then.
 */
export async function publishFile(from: string, to: string): Promise<boolean> {
  const source = await stat(from)
  const present = await stat(to).catch(() => undefined)
  if (present && present.size === source.size && Math.abs(present.mtimeMs - source.mtimeMs) < 1000) return false
  await mkdir(dirname(to), { recursive: true })
  const { bavail, bsize } = await statfs(dirname(to))
  if (bavail * bsize < source.size) {
    const detail = `${dirname(to)} has ${megabytes(bavail * bsize)} free`
    throw new BifrostError(buildErrors.STATE_FULL, { detail, expected: `at least ${megabytes(source.size)}` })
  }
  await replace(to, async (work) => {
    await copyFile(from, work, constants.COPYFILE_FICLONE)
    await utimes(work, source.atime, source.mtime)
  })
  return true
}

/**
 * Publishes a file, or every file below a directory that `wanted` takes. Returns the copies that it made; throws NOT_BUILT when
 * there is nothing to copy from.
 */
export async function publishTree(from: string, to: string, wanted = (_path: string) => true): Promise<string[]> {
  const source = await stat(from).catch((cause) => {
    throw new BifrostError(buildErrors.NOT_BUILT, { detail: from, cause })
  })
  if (!source.isDirectory()) return (await publishFile(from, to)) ? [to] : []
  const made: string[] = []
  for (const entry of await readdir(from, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name)
    if (!entry.isFile() || !wanted(path)) continue
    const copy = join(to, relative(from, path))
    if (await publishFile(path, copy)) made.push(copy)
  }
  return made
}

export async function publishText(text: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await replace(to, (work) => writeFile(work, text))
}

async function replace(to: string, fill: (work: string) => Promise<void>): Promise<void> {
  const work = join(dirname(to), `.${randomUUID()}.tmp`)
  try {
    await fill(work)
    await rename(work, to)
  } finally {
    await rm(work, { force: true })
  }
}
