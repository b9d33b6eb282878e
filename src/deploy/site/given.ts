import { fault } from "../../util/fault.ts"
import { type Overrides, overridePaths } from "../overrides.ts"
import { overridesFolder } from "./files.ts"
import type { Finding } from "./finding.ts"
import type { PlacedFile } from "./overrides.ts"

/** An error for each file that a service cannot be without and the operator has not given, or that is something else. */
export function checkGiven(overrides: Overrides, files: readonly PlacedFile[]): Finding[] {
  const problems = files.flatMap((placed): Problem[] => {
    const { given, service, container, file } = placed
    if (!given) return []
    const path = overridePaths(placed, placed.kind).findLast((each) => overrides.has(each))
    if (path === undefined) {
      const folder = given.of === "service" ? service : `${service}/${container.replaceAll("_", "-")}`
      return [{ path: `${folder}/${file}`, container, what: "is not there", expected: given.expected }]
    }
    if (given.take(overrides.get(path)!) !== undefined) return []
    return [{ path, container, what: "is something else", expected: given.expected }]
  })
  // One file may be for several containers, and is missed once.
  return [...Map.groupBy(problems, ({ path, what, expected }) => `${path}\0${what}\0${expected}`).values()].map(
    (alike): Finding => {
      const { path, what, expected } = alike[0]!
      const who = [...new Set(alike.map(({ container }) => container))].join(", ")
      const sentence = `${who} cannot run without this file, which ${what}`
      return {
        ...fault({ line: 1, column: 1 }, sentence, expected),
        file: `${overridesFolder}/${path}`,
        severity: "error",
      }
    },
  )
}

interface Problem {
  /** Below `config/`. */
  readonly path: string
  readonly container: string
  readonly what: string
  readonly expected: string
}
