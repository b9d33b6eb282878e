import Docker from "dockerode"
import { BifrostError, messageOf } from "../util/errors.ts"
import { provisionerErrors } from "./errors.ts"

/** This machine's engine: at its usual socket, or at the one that DOCKER_HOST names (unix://…). */
export async function connect(): Promise<Docker> {
  const engine = new Docker()
  try {
    await engine.ping()
  } catch (cause) {
    throw new BifrostError(provisionerErrors.ENGINE_SILENT, { detail: messageOf(cause), cause })
  }
  return engine
}

export async function requireImage(engine: Docker, image: string): Promise<Docker.ImageInspectInfo> {
  try {
    return await engine.getImage(image).inspect()
  } catch (cause) {
    throw new BifrostError(provisionerErrors.PROVISIONER_IMAGE_MISSING, { detail: image, cause })
  }
}

export async function inspect(engine: Docker, name: string): Promise<Docker.ContainerInspectInfo | undefined> {
  try {
    return await engine.getContainer(name).inspect()
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined
    throw error
  }
}

export async function remove(engine: Docker, name: string): Promise<boolean> {
  if (!(await inspect(engine, name))) return false
  const container = engine.getContainer(name)
  // The service closes its sessions with the BMCs on SIGTERM; a force-remove alone would leave them open.
  await container.stop({ t: 10 }).catch(() => {})
  await container.remove({ force: true, v: true })
  return true
}
