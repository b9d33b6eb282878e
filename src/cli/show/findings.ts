import { join } from "node:path"
import pc from "picocolors"
import { type Finding, findingLine, isError } from "../../deploy/site/finding.ts"

export interface ValidationReport {
  readonly file: string
  /** Whether the file is there. */
  readonly present: boolean
  readonly hosts_checked: boolean
  readonly valid: boolean
  readonly findings: readonly Finding[]
}

/** Findings one a line, as compilers print them, and what they come to. */
export function showFindings(report: ValidationReport, folder: string): string {
  const lines = report.findings.map((finding) => {
    const severity = isError(finding) ? pc.red("error") : pc.yellow("warning")
    return `${severity} ${findingLine({ ...finding, file: join(folder, finding.file) })}`
  })
  const errors = report.findings.filter(isError).length
  const counts = [counted(errors, "error"), counted(report.findings.length - errors, "warning")].join(", ")
  const notes = [
    ...(report.present
      ? []
      : [`${report.file} is not there: every option has its default (bifrost-ts site init writes one).`]),
    ...(report.hosts_checked
      ? []
      : ["The provisioner does not answer: names of hosts and groups, and override files, were not checked."]),
  ]
  return [...lines, ...notes.map((note) => pc.dim(note)), report.findings.length > 0 ? counts : "No errors."].join("\n")
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`
