import type { ImageOverrides } from "./overrides.ts"
import { defaultRelease, type Release } from "./releases.ts"

export const installTypes = ["deb", "source", "rpm"] as const
export type InstallType = (typeof installTypes)[number]

/** What holds for all images of one build. */
export interface BuildSettings {
  readonly release: Release
  readonly installType: InstallType
  /** First part of the repositories' names. */
  readonly namespace: string
  /** A further tag that each image gets. */
  readonly tag?: string
  /** An image that takes the place of the root made by mmdebstrap; for install type rpm, Rocky Linux. */
  readonly base?: string
  /** For install type rpm: package repositories, name → URL. They take the place of the base image's own. */
  readonly rpmRepositories?: Readonly<Record<string, string>>
  readonly images: ImageOverrides
}

export const defaultSettings: BuildSettings = {
  release: defaultRelease,
  installType: "deb",
  namespace: "bifrost",
  images: {},
}
