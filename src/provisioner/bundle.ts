import { createReadStream, createWriteStream } from "node:fs"
import { mkdir, readdir, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { pipeline } from "node:stream/promises"
import { createZstdCompress, createZstdDecompress } from "node:zlib"
import { BifrostError } from "../util/errors.ts"
import { connect, requireImage } from "./engine.ts"
import { provisionerErrors } from "./errors.ts"

/** In the name stands the image's id, so that what is there already is known at once. */
const archive = /^provisioner-([0-9a-f]{12})\.tar\.zst$/
const shortId = (id: string) => id.replace(/^sha256:/, "").slice(0, 12)

/** Writes the provisioner's image into `folder` for another machine's engine. False when it was there. */
export async function saveProvisioner(folder: string, image: string): Promise<boolean> {
  const engine = await connect()
  const name = `provisioner-${shortId((await requireImage(engine, image)).Id)}.tar.zst`
  await mkdir(folder, { recursive: true })
  const present = (await readdir(folder)).filter((file) => archive.test(file))
  if (present.includes(name)) return false
  const work = join(folder, `.${name}.tmp`)
  try {
    await pipeline(await engine.getImage(image).get(), createZstdCompress(), createWriteStream(work))
    for (const old of present) await rm(join(folder, old))
    await rename(work, join(folder, name))
  } finally {
    await rm(work, { force: true })
  }
  return true
}

/** Gives the engine the provisioner's image that `folder` holds, under its name. False when the engine has it. */
export async function loadProvisioner(folder: string, image: string): Promise<boolean> {
  const name = (await readdir(folder).catch(() => [])).find((file) => archive.test(file))
  if (!name) {
    throw new BifrostError(provisionerErrors.BUNDLE_INCOMPLETE, {
      detail: folder,
      expected: "a file provisioner-ID.tar.zst",
    })
  }
  const engine = await connect()
  const present = await requireImage(engine, image).catch(() => undefined)
  if (present && shortId(present.Id) === archive.exec(name)?.[1]) return false
  const stream = createReadStream(join(folder, name)).pipe(createZstdDecompress())
  const loading = await engine.loadImage(stream)
  await new Promise<void>((resolve, reject) => {
    engine.modem.followProgress(loading, (failed: Error | null, lines: { error?: string }[]) => {
      const told = failed?.message ?? lines?.find((line) => line.error)?.error
      if (told === undefined) return resolve()
      reject(new BifrostError(provisionerErrors.BUNDLE_REFUSED, { detail: `${name}: ${told}`, cause: failed }))
    })
  })
  return true
}
