/** What a check of a host or a service came to. */
export interface CheckFinding {
  /** A host's name, or `site` for what is no host's own. */
  readonly host: string
  readonly check: string
  readonly status: "ok" | "warning" | "failed"
  /** What was seen. */
  readonly detail: string
  /** What to do; nothing when it is well. */
  readonly remedy: string | null
}

export interface CheckResult {
  readonly findings: readonly CheckFinding[]
  readonly failed: number
  readonly warnings: number
}

export function checkResult(findings: readonly CheckFinding[]): CheckResult {
  const count = (status: CheckFinding["status"]) => findings.filter((finding) => finding.status === status).length
  return { findings, failed: count("failed"), warnings: count("warning") }
}
