import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { gzipSync } from "node:zlib"
import { run } from "../util/run.ts"
import { type ConfigDriveInput, configDriveFiles } from "./content.ts"

export type { ConfigDriveInput, ConfigFile, NetworkData } from "./content.ts"

/** gzip + base64 of the config drive, as Ironic's API and agents pass it on. */
export async function buildConfigDrive(input: ConfigDriveInput, signal?: AbortSignal): Promise<string> {
  const iso = await buildIso(configDriveFiles(input), signal)
  return gzipSync(iso).toString("base64")
}

/** ISO 9660 with Rock Ridge and Joliet names, labelled config-2: what Nova makes and cloud-init looks for. */
export async function buildIso(files: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<Buffer> {
  // mkdtemp makes it 0700: the drive holds private keys until it is read back.
  const work = await mkdtemp(join(tmpdir(), "config-drive-"))
  try {
    const tree = join(work, "tree")
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(tree, path)), { recursive: true })
      await writeFile(join(tree, path), text, { mode: 0o600 })
    }
    const iso = join(work, "config.iso")
    const mkisofs = ["-as", "mkisofs", "-quiet", "-J", "-r", "-V", "config-2", "-publisher", "bifrost-ts"]
    await run("xorriso", [...mkisofs, "-o", iso, tree], { signal })
    return await readFile(iso)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
