import { constants, copyFile, mkdir, rename, rm, stat, statfs, utimes, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { BifrostError } from "../util/errors.ts"
import { megabytes } from "./cache.ts"
import { buildErrors } from "./errors.ts"

/**
 * Copies a finished file to where nodes fetch it, all at once by a rename, so that a transfer under way keeps reading the
 * file it began with. A file that is there already (same size and time) is left alone.
 */
export async function publishFile(from: string, to: string): Promise<void> {
  const source = await stat(from)
  const present = await stat(to).catch(() => undefined)
  if (present && present.size === source.size && Math.abs(present.mtimeMs - source.mtimeMs) < 1000) return
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
}

export async function publishText(text: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await replace(to, (work) => writeFile(work, text))
}

async function replace(to: string, fill: (work: string) => Promise<void>): Promise<void> {
  const work = join(dirname(to), `.${process.pid}.${Date.now()}.tmp`)
  try {
    await fill(work)
    await rename(work, to)
  } finally {
    await rm(work, { force: true })
  }
}
