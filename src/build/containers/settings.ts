import { defaultRelease, type Release } from "./releases.ts"

export const installTypes = ["deb", "source", "rpm"] as const
export type InstallType = (typeof installTypes)[number]

/** What holds for all images of one build. */
export interface BuildSettings {
  readonly release: Release
  readonly installType: InstallType
  /** First part of the repositories' names. */
  readonly namespace: string
}

export const defaultSettings: BuildSettings = { release: defaultRelease, installType: "deb", namespace: "bifrost" }
