import pc from "picocolors"
import type { EnrollReport, NodeReport } from "../../enroll/enroll.ts"
import type { Json } from "../../store/records.ts"

const marks = { added: pc.green("+"), changed: pc.yellow("~"), unchanged: pc.dim("=") }

/** What enrolment did, a line a node and field, as in a diff. */
export function showEnrollment(report: EnrollReport): string {
  const width = Math.max(0, ...report.nodes.map((node) => node.name.length))
  const lines = report.nodes.flatMap((node) => nodeLines(node, width))
  const counts = (["added", "changed", "unchanged"] as const)
    .map((outcome) => `${report[outcome]} ${outcome}`)
    .join(", ")
  return [...lines, report.dry_run ? `${counts}, if it were not a dry run.` : `${counts}.`].join("\n")
}

function nodeLines(node: NodeReport, width: number): string[] {
  const start = `  ${marks[node.outcome]} ${node.name.padEnd(width)}`
  if (node.outcome === "unchanged") return [start.trimEnd()]
  if (node.outcome === "added") {
    const bmc = `${node.driver} ${node.bmc_address ?? ""}`.trim()
    return [[start, node.macs.join(" "), bmc, node.groups.join(" ")].filter((part) => part !== "").join("   ")]
  }
  const indent = " ".repeat(start.length - marks.changed.length + 1)
  return node.changes.map((change, index) => {
    const what = `${fieldName(change.field)} ${shown(change.from)} → ${shown(change.to)}`
    return `${index === 0 ? start : indent}   ${what}`
  })
}

/** `driver_info.ipmi_address` → `bmc address`; what has no such name stays as it is. */
function fieldName(field: string): string {
  const bmc = /^driver_info\.(?:ipmi|redfish)_(.+)$/.exec(field)?.[1]
  return (bmc ? `bmc ${bmc}` : field.replace(/^(properties|instance_info|extra)\./, "")).replaceAll("_", " ")
}

function shown(value: Json): string {
  if (value === null) return "(none)"
  if (Array.isArray(value)) return value.length === 0 ? "(none)" : value.map(shown).join(" ")
  return typeof value === "object" ? JSON.stringify(value) : String(value)
}
