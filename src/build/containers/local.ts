import type Docker from "dockerode"
import { inputLabel } from "./catalog.ts"

export interface LocalImage {
  /** `sha256:…` of the configuration. */
  readonly id: string
  /** Bytes, uncompressed, shared layers included. */
  readonly size: number
}

/** What the engine has of our images, by every reference. One call, however many there are. */
export async function builtImages(docker: Docker): Promise<Map<string, LocalImage>> {
  const images = await docker.listImages({ filters: { label: [inputLabel] } })
  return new Map(
    images.flatMap(({ Id, Size, RepoTags }) => (RepoTags ?? []).map((tag) => [tag, { id: Id, size: Size }] as const)),
  )
}
