import Docker from "dockerode"
import { BifrostError, messageOf } from "../../util/errors.ts"
import { buildErrors } from "../errors.ts"

/** The Docker Engine of this machine, or where DOCKER_HOST says. ENGINE_MISSING when none answers. */
export async function openEngine(): Promise<Docker> {
  const engine = new Docker()
  try {
    await engine.ping()
  } catch (cause) {
    throw new BifrostError(buildErrors.ENGINE_MISSING, { detail: messageOf(cause), cause })
  }
  return engine
}

export function hasImage(engine: Docker, reference: string): Promise<boolean> {
  return engine
    .getImage(reference)
    .inspect()
    .then(
      () => true,
      (error: { statusCode?: number }) => {
        if (error.statusCode === 404) return false
        throw error
      },
    )
}

/** Waits for the end of an import or build. The engine tells of a failure inside the stream, with status 200. */
export function followEngine(engine: Docker, stream: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    engine.modem.followProgress(stream, (failed: Error | null, lines: { error?: string }[]) => {
      const told = failed?.message ?? lines?.find((line) => line.error)?.error
      if (told === undefined) return resolve()
      reject(new BifrostError(buildErrors.ENGINE_REFUSED, { detail: told, cause: failed }))
    })
  })
}
