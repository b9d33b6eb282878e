import { existsSync, readFileSync } from "node:fs"
import { BifrostError } from "../util/errors.ts"
import { labErrors } from "./errors.ts"
import type { LabLayout } from "./layout.ts"
import type { LabSpec } from "./spec.ts"

export function readSpec(layout: LabLayout): LabSpec | undefined {
  if (!existsSync(layout.spec)) return undefined
  // Labs of earlier versions had no hosts.
  return { hosts: [], ...JSON.parse(readFileSync(layout.spec, "utf8")) }
}

export function requireSpec(layout: LabLayout): LabSpec {
  const spec = readSpec(layout)
  if (!spec) throw new BifrostError(labErrors.LAB_ABSENT, { detail: layout.name })
  return spec
}
