import { readdir, readFile, stat } from "node:fs/promises"
import { join, relative } from "node:path"
import { BifrostError, messageOf } from "../../util/errors.ts"
import { deployErrors } from "../errors.ts"

export const siteFile = "bifrost.yaml"
export const overridesFolder = "config"
export const certificatesFolder = "certificates"
/** Override files are configuration; something larger was put there by mistake. */
const mostBytes = 4 * 2 ** 20

/** What the operator wrote, as it was read at one moment: a run does not see later edits. */
export interface SiteFolder {
  /** Text of bifrost.yaml; none: all defaults. */
  readonly site: string | undefined
  /** Path below `config/` → content. */
  readonly overrides: ReadonlyMap<string, string>
  /** Path below `certificates/` → content. Private keys are among them. */
  readonly certificates: ReadonlyMap<string, string>
}

/** Reads a site's folder; one that is not there is empty. Throws SITE_UNREADABLE. */
export async function readSiteFolder(folder: string, file = join(folder, siteFile)): Promise<SiteFolder> {
  const site = await orAbsent(readFile(file, "utf8"))
  const [overrides, certificates] = await Promise.all(
    [overridesFolder, certificatesFolder].map((name) => filesBelow(join(folder, name))),
  )
  return { site, overrides: overrides!, certificates: certificates! }
}

async function filesBelow(root: string): Promise<ReadonlyMap<string, string>> {
  const entries = (await orAbsent(readdir(root, { withFileTypes: true, recursive: true }))) ?? []
  const files = new Map<string, string>()
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    // Editors' backups and hidden files are nobody's configuration.
    if (entry.isDirectory() || /^\.|~$/.test(entry.name)) continue
    const content = await orAbsent(contentOf(path))
    if (content !== undefined) files.set(relative(root, path), content)
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** undefined for a link to a folder. */
async function contentOf(path: string): Promise<string | undefined> {
  const found = await stat(path)
  if (!found.isFile()) return undefined
  if (found.size > mostBytes) {
    throw new BifrostError(deployErrors.SITE_UNREADABLE, {
      detail: `${path} has ${found.size} bytes`,
      expected: "a configuration file",
    })
  }
  return readFile(path, "utf8")
}

async function orAbsent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined
    if (cause instanceof BifrostError) throw cause
    throw new BifrostError(deployErrors.SITE_UNREADABLE, { detail: messageOf(cause), cause })
  }
}
