import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { ImageInfo } from "../../agent/protocol.ts"
import { isObject, type NodeRecord } from "../../store/records.ts"
import { BifrostError, messageOf } from "../../util/errors.ts"
import { conductorErrors } from "../errors.ts"
import { nameOf, textOf } from "../operation.ts"
import type { Tools } from "../step.ts"
import { algorithms, type Checksum, checksumOf, findChecksum } from "./checksum.ts"

const giB = 1024 ** 3
const answerWithin = 30_000

type Needs = Pick<Tools, "imagesDir" | "serviceUrl" | "fetch">

/** What instance_info asks for, before anything was looked up. */
type Source =
  | { readonly kind: "built"; readonly name: string }
  | { readonly kind: "remote"; readonly url: string; readonly checksum: Checksum | URL }

/** Reads instance_info. DEPLOY_INVALID or CHECKSUM_MISSING, naming the field; asks no network. */
export function imageSource(node: NodeRecord): Source {
  const named = nameOf(node)
  const { image_source, image_checksum, image_os_hash_algo, image_os_hash_value } = node.instance_info
  const source = textOf(image_source)
  if (!source) {
    throw new BifrostError(conductorErrors.DEPLOY_INVALID, {
      node: named,
      detail: "instance_info.image_source is not set",
      expected: "the name of a built image, or a URL",
    })
  }
  if (!source.includes("://")) {
    if (/^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(source)) return { kind: "built", name: source }
    throw new BifrostError(conductorErrors.DEPLOY_INVALID, { node: named, detail: `"${source}" is no image's name` })
  }
  if (!/^https?:\/\//.test(source) || !URL.canParse(source)) {
    throw new BifrostError(conductorErrors.DEPLOY_INVALID, {
      node: named,
      detail: `image_source ${source}`,
      expected: "http(s)://",
    })
  }
  const value = textOf(image_os_hash_value) ?? textOf(image_checksum)
  if (!value) {
    throw new BifrostError(conductorErrors.CHECKSUM_MISSING, {
      node: named,
      detail: "instance_info.image_checksum is not set",
    })
  }
  if (/^https?:\/\//.test(value) && URL.canParse(value))
    return { kind: "remote", url: source, checksum: new URL(value) }
  const checksum = checksumOf(value, named)
  const claimed = textOf(image_os_hash_algo)
  if (claimed && claimed !== checksum.algorithm) {
    throw new BifrostError(conductorErrors.CHECKSUM_MISSING, {
      node: named,
      detail: `image_os_hash_value has ${value.length} digits, which is no ${claimed}`,
      expected: Object.entries(algorithms)
        .map(([name, length]) => `${name} with ${length}`)
        .join(" or "),
    })
  }
  return { kind: "remote", url: source, checksum }
}

/** What the agent is told to write: URL, checksum, and the size as far as it can be known now. */
export async function resolveImage(node: NodeRecord, tools: Needs, signal: AbortSignal): Promise<ImageInfo> {
  const source = imageSource(node)
  const image =
    source.kind === "built" ? await built(node, source.name, tools) : await remote(node, source, tools, signal)
  refuseTooLarge(node, image)
  return { ...image, image_type: "whole-disk-image", stream_raw_images: true, node_uuid: node.uuid }
}

async function built(node: NodeRecord, name: string, { imagesDir, serviceUrl }: Needs): Promise<ImageInfo> {
  const file = join(imagesDir, `${name}.json`)
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new BifrostError(conductorErrors.IMAGE_UNKNOWN, { node: nameOf(node), detail: name, expected: file, cause })
  })
  const meta: unknown = JSON.parse(text)
  const image = isObject(meta) ? textOf(meta["file"]) : undefined
  const sha256 = isObject(meta) ? textOf(meta["sha256"]) : undefined
  if (!isObject(meta) || !image || !sha256) {
    throw new BifrostError(conductorErrors.IMAGE_UNKNOWN, {
      node: nameOf(node),
      detail: `${file} lacks file or sha256`,
    })
  }
  return {
    id: name,
    urls: [`${serviceUrl}/images/${encodeURIComponent(image)}`],
    ...format(textOf(meta["format"])),
    os_hash_algo: "sha256",
    os_hash_value: sha256,
    ...(typeof meta["size"] === "number" && { size: meta["size"] }),
    ...(typeof meta["virtual_size"] === "number" && { virtual_size: meta["virtual_size"] }),
  }
}

async function remote(
  node: NodeRecord,
  { url, checksum }: Extract<Source, { kind: "remote" }>,
  tools: Needs,
  signal: AbortSignal,
): Promise<ImageInfo> {
  const ask = async (target: string | URL, method: "GET" | "HEAD"): Promise<Response> => {
    const within = AbortSignal.any([signal, AbortSignal.timeout(answerWithin)])
    const response = await tools.fetch(target, { method, signal: within }).catch((cause: unknown) => {
      signal.throwIfAborted()
      const reason = cause instanceof Error && cause.cause ? messageOf(cause.cause) : messageOf(cause)
      throw new BifrostError(conductorErrors.IMAGE_UNREACHABLE, {
        node: nameOf(node),
        detail: `${target}: ${reason}`,
        cause,
      })
    })
    if (response.ok) return response
    throw new BifrostError(conductorErrors.IMAGE_UNREACHABLE, {
      node: nameOf(node),
      detail: `${target} answers HTTP ${response.status}`,
      expected: "HTTP 200",
    })
  }
  const file = decodeURIComponent(new URL(url).pathname.split("/").at(-1) ?? "")
  const length = Number((await ask(url, "HEAD")).headers.get("content-length") ?? Number.NaN)
  const { algorithm, value } =
    checksum instanceof URL ? findChecksum(await (await ask(checksum, "GET")).text(), file, nameOf(node)) : checksum
  return {
    id: file,
    urls: [url],
    ...format(textOf(node.instance_info["image_disk_format"])),
    os_hash_algo: algorithm,
    os_hash_value: value,
    ...(Number.isSafeInteger(length) && { size: length }),
  }
}

/** `raw.zst` and the like are raw to the agent, which recognises the compression. */
const format = (name: string | undefined) => (name ? { disk_format: name.split(".")[0]! } : {})

/** As early as it can be known; the agent, which sees the disk, has the last word. */
function refuseTooLarge(node: NodeRecord, image: ImageInfo): void {
  const diskGiB = Number(node.properties["local_gb"] ?? 0)
  // A compressed image is never larger than what it unpacks to, so the size on the wire is a lower bound.
  const least = image.virtual_size ?? image.size ?? 0
  if (!(diskGiB > 0) || least <= diskGiB * giB) return
  throw new BifrostError(conductorErrors.IMAGE_EXCEEDS_DISK, {
    node: nameOf(node),
    detail: `${image.id} has ${least} bytes`,
    expected: `at most ${diskGiB * giB}, as properties.local_gb is ${diskGiB}`,
  })
}
