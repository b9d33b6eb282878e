import { stripVTControlCharacters } from "node:util"
import type Docker from "dockerode"
import { BifrostError, type CodedKind } from "../../util/errors.ts"

interface Progress {
  readonly stream?: string
  readonly status?: string
  readonly error?: string
  readonly aux?: { readonly ID?: string; readonly Digest?: string; readonly Size?: number }
}

/** Reads the engine's progress to its end. An error in the stream becomes `kind`, with the last lines before it. */
export function followProgress(
  docker: Docker,
  stream: NodeJS.ReadableStream,
  options: { kind: CodedKind; subject: string; onLine?: (line: string) => void },
): Promise<Progress[]> {
  const lines: string[] = []
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => {
      const detail = `${options.subject}\n${[...lines.slice(-15), cause.message].join("\n")}`
      reject(new BifrostError(options.kind, { detail, cause }))
    }
    docker.modem.followProgress(
      stream,
      (error, output: Progress[]) => {
        const reported = output?.find((entry) => entry.error !== undefined)?.error
        if (error) fail(error)
        else if (reported !== undefined) fail(new Error(reported))
        else resolve(output)
      },
      (progress: Progress) => {
        for (const line of (progress.stream ?? "").split("\n")) {
          const plain = stripVTControlCharacters(line).trimEnd()
          if (!plain) continue
          lines.push(plain)
          options.onLine?.(plain)
        }
      },
    )
  })
}

/** Engine API, "Attach to a container": frames of [stream, 0, 0, 0, length (4, big-endian)] and payload. */
export function demultiplexed(raw: Buffer): string {
  const parts: Buffer[] = []
  for (let at = 0; at + 8 <= raw.length; ) {
    const length = raw.readUInt32BE(at + 4)
    parts.push(raw.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  return Buffer.concat(parts).toString("utf8")
}
