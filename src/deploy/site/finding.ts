import type { Fault } from "../../util/fault.ts"

/** What is wrong with what the operator wrote. An error stops a deploy; a warning is told. */
export interface Finding extends Fault {
  readonly severity: "error" | "warning"
  /** Relative to the site's folder, e.g. `bifrost.yaml` or `config/nova.conf`. */
  readonly file: string
}

export const isError = ({ severity }: Finding) => severity === "error"

/** `bifrost.yaml:3:5: unknown key regoin (expected region, …)`, which editors and terminals make a link of. */
export function findingLine({ file, line, column, what, expected }: Finding): string {
  return `${file}:${line}:${column}: ${what}${expected === "" ? "" : ` (expected ${expected})`}`
}
