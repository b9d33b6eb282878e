import { mkdir, readdir, readFile, rename, rm, stat, statfs, utimes, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { BifrostError, isCode } from "../util/errors.ts"
import { run, runErrors } from "../util/run.ts"
import { buildErrors } from "./errors.ts"
import { fingerprint, type Inputs } from "./fingerprint.ts"
import { lockFile, tryLock } from "./lock.ts"

/** What the cache knows about one finished build; kept beside its files as `artifact.json`. */
export interface Artifact {
  readonly kind: string
  readonly name: string
  /** SHA-256 of the inputs, hex. */
  readonly hash: string
  /** Where its files are. */
  readonly dir: string
  /** On the disk. */
  readonly bytes: number
  /** How long the build took. */
  readonly seconds: number
  /** ISO 8601. */
  readonly built_at: string
}

export interface Recipe {
  readonly kind: string
  readonly name: string
  readonly inputs: Inputs
  /** Free space that the build takes at its peak, bytes. Checked before it begins. */
  readonly needs: number
  /** Fills an empty directory, which is on the cache's filesystem and removed when this fails. */
  build(dir: string): Promise<void>
}

export interface ObtainOptions {
  /** Build again although the inputs are the same: for newer packages. */
  readonly refresh?: boolean
  readonly progress?: (line: string) => void
  readonly signal?: AbortSignal
}

const MANIFEST = "artifact.json"

/**
 * Finished builds by the hash of their inputs: `CACHE/KIND/NAME-HASH/`. An entry is complete or absent, since a build is
 * renamed into its place when it has succeeded; two processes that want the same entry build it once.
 */
export class Cache {
  readonly root: string

  constructor(root: string) {
    this.root = root
  }

  async obtain(recipe: Recipe, options: ObtainOptions = {}): Promise<Artifact & { readonly cached: boolean }> {
    const hash = await fingerprint(recipe.inputs)
    const dir = this.#dirOf(recipe.kind, recipe.name, hash)
    const before = options.refresh ? undefined : await readArtifact(dir)
    if (before) return this.#used(before)

    await this.#makeRoot(recipe.kind)
    const waiting = () => options.progress?.(`${recipe.name}: another process builds it; waiting`)
    const release = await lockFile(`${dir}.lock`, waiting, options.signal)
    try {
      const meanwhile = await readArtifact(dir)
      if (meanwhile && !options.refresh) return this.#used(meanwhile)
      await this.#requireRoom(recipe.needs)
      return { ...(await this.#build(recipe, hash, dir)), cached: false }
    } finally {
      await release()
    }
  }

  /** Every entry, the most recently built first. */
  async list(): Promise<Artifact[]> {
    const found: Artifact[] = []
    for (const kind of await readdir(this.root).catch(() => [])) {
      for (const entry of await readdir(join(this.root, kind)).catch(() => [])) {
        const artifact = await readArtifact(join(this.root, kind, entry))
        if (artifact) found.push(artifact)
      }
    }
    return found.sort((a, b) => b.built_at.localeCompare(a.built_at))
  }

  /** Removes all but the newest entry of each kind and name (with `all`, those too), and what broken-off builds left. */
  async prune(options: { readonly all?: boolean } = {}): Promise<Artifact[]> {
    const kept = new Set<string>()
    const removed: Artifact[] = []
    for (const artifact of await this.list()) {
      const key = `${artifact.kind}/${artifact.name}`
      if (!options.all && !kept.has(key)) {
        kept.add(key)
        continue
      }
      await rm(artifact.dir, { recursive: true, force: true })
      removed.push(artifact)
    }
    await this.#removeLeftovers()
    return removed
  }

  #dirOf(kind: string, name: string, hash: string): string {
    return join(this.root, kind, `${name}-${hash.slice(0, 16)}`)
  }

  async #used(artifact: Artifact): Promise<Artifact & { readonly cached: boolean }> {
    const now = new Date()
    await utimes(artifact.dir, now, now).catch(() => {})
    return { ...artifact, cached: true }
  }

  async #makeRoot(kind: string): Promise<void> {
    try {
      await makeDirectories(join(this.root, kind))
    } catch (cause) {
      throw new BifrostError(buildErrors.CACHE_UNUSABLE, { detail: this.root, cause })
    }
  }

  async #requireRoom(needs: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.root)
    const free = bavail * bsize
    if (free >= needs) return
    throw new BifrostError(buildErrors.CACHE_FULL, {
      detail: `${this.root} has ${megabytes(free)} free`,
      expected: `at least ${megabytes(needs)}`,
    })
  }

  async #build(recipe: Recipe, hash: string, dir: string): Promise<Artifact> {
    const work = `${dir}.tmp`
    await rm(work, { recursive: true, force: true })
    await mkdir(work)
    const started = Date.now()
    try {
      await recipe.build(work)
      const artifact: Artifact = {
        kind: recipe.kind,
        name: recipe.name,
        hash,
        dir,
        bytes: await diskUsage(work),
        seconds: Math.round((Date.now() - started) / 100) / 10,
        built_at: new Date().toISOString(),
      }
      await writeFile(join(work, MANIFEST), `${JSON.stringify(artifact, null, 2)}\n`)
      await rm(dir, { recursive: true, force: true })
      await rename(work, dir)
      return artifact
    } catch (cause) {
      await rm(work, { recursive: true, force: true })
      if (!isNoRoom(cause)) throw cause
      throw new BifrostError(buildErrors.CACHE_FULL, { detail: this.root, cause })
    }
  }

  /** Working directories whose builder has died, and lock files of entries that are gone. */
  async #removeLeftovers(): Promise<void> {
    for (const kind of await readdir(this.root).catch(() => [])) {
      const entries = await readdir(join(this.root, kind)).catch(() => [])
      for (const lock of entries.filter((entry) => entry.endsWith(".lock"))) {
        const dir = join(this.root, kind, lock.slice(0, -".lock".length))
        const release = await tryLock(`${dir}.lock`)
        if (!release) continue
        await rm(`${dir}.tmp`, { recursive: true, force: true })
        if (!(await readArtifact(dir))) await rm(`${dir}.lock`, { force: true })
        await release()
      }
    }
  }
}

/** A call of our own says so by its code; the programs that a build runs say it in words. */
const isNoRoom = (error: unknown) =>
  (error as NodeJS.ErrnoException).code === "ENOSPC" ||
  (isCode(error, runErrors.COMMAND_FAILED) && error.message.includes("No space left on device"))

/** Node's own recursive mkdir never ends where the kernel says ENOENT for a directory that cannot be made (/proc). */
async function makeDirectories(path: string): Promise<void> {
  const make = () =>
    mkdir(path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST" || !(await stat(path)).isDirectory()) throw error
    })
  try {
    await make()
  } catch (error) {
    const parent = dirname(path)
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || parent === path) throw error
    await makeDirectories(parent)
    await make()
  }
}

async function readArtifact(dir: string): Promise<Artifact | undefined> {
  try {
    const stored = JSON.parse(await readFile(join(dir, MANIFEST), "utf8")) as Artifact
    return { ...stored, dir }
  } catch {
    return undefined
  }
}

async function diskUsage(dir: string): Promise<number> {
  const { stdout } = await run("du", ["--summarize", "--block-size=1", dir])
  return Number(stdout.split("\t")[0])
}

/** "1234 MB", for people. */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
