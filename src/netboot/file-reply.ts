import type { FastifyReply, FastifyRequest } from "fastify"
import { openBelow } from "../tftp/source.ts"
import { matchesTag, parseRange } from "./ranges.ts"

export interface Sent {
  readonly [key: string]: number | boolean
  /** Bytes handed to the connection. */
  readonly bytes: number
  /** Bytes of the whole file. */
  readonly size: number
  /** Whether all that was asked for went out. */
  readonly complete: boolean
}

/**
 * Answers with a file of the folder, or a part of it, streamed. Undefined where there is no such file; else a function
 * that tells, once the response is over, how much was sent. Fastify's `reply` is sent.
 */
export async function sendFile(
  folder: string,
  file: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<(() => Sent) | undefined> {
  const found = await openBelow(folder, file)
  if (!found) return undefined
  const { handle, stat } = found
  const { size } = stat
  // Files are replaced by renaming, so a new inode, size or time is a new content.
  const tag = `"${stat.ino.toString(36)}-${size.toString(36)}-${Math.floor(stat.mtimeMs * 1000).toString(36)}"`
  reply.headers({
    "accept-ranges": "bytes",
    etag: tag,
    "last-modified": stat.mtime.toUTCString(),
    "content-type": file.endsWith(".json") ? "application/json" : "application/octet-stream",
  })

  const { range: asked, "if-range": ifRange, "if-none-match": ifNoneMatch } = request.headers
  const fresh = ifRange === undefined || ifRange === tag
  const range = fresh ? parseRange(asked, size) : undefined
  const nothing = async (status: number) => {
    await handle.close()
    reply.code(status).send()
    return () => ({ bytes: 0, size, complete: true })
  }
  if (matchesTag(ifNoneMatch, tag)) return nothing(304)
  if (range === "unsatisfiable") {
    reply.header("content-range", `bytes */${size}`)
    return nothing(416)
  }
  const { start, end } = range ?? { start: 0, end: size - 1 }
  const length = end - start + 1
  if (range) reply.code(206).header("content-range", `bytes ${start}-${end}/${size}`)
  reply.header("content-length", length)
  if (request.method === "HEAD" || length === 0) return nothing(reply.statusCode)

  const stream = handle.createReadStream({ start, end, highWaterMark: 1 << 20 })
  reply.send(stream)
  return () => {
    const complete = reply.raw.writableFinished
    return { bytes: complete ? length : stream.bytesRead, size, complete }
  }
}
