import pc from "picocolors"
import type { RunTimeline, TimelineStep } from "./run-timeline.ts"
import { plural } from "./text.ts"

/** Steps that had nothing to do and took less than this share of the whole are only counted. */
const worthALine = 0.01

/** A line a step with its bar, the critical path marked; each at most `width` characters. */
export function gantt(timeline: RunTimeline, width: number): string[] {
  const { steps, seconds, criticalPath, takenUp } = timeline
  const shown = steps.filter((step) => isWorthALine(step, seconds))
  const names = Math.min(48, Math.max(4, ...shown.map(({ id }) => id.length)))
  const room = Math.max(10, width - names - 14)
  const scale = room / (seconds || 1)
  const lines = shown.map((step) => {
    const name = step.id.slice(0, names).padEnd(names)
    const took = `${(step.to - step.from).toFixed(1).padStart(7)} s`
    return `${step.critical ? pc.red("▌") : " "}${name} ${pc.dim(took)}  ${bars(step, scale)}`
  })
  const length = steps.filter(({ critical }) => critical).reduce((sum, { from, to }) => sum + to - from, 0)
  const hidden = steps.length - shown.length
  return [
    ...lines,
    "",
    ...(hidden > 0 ? [pc.dim(`${plural(hidden, "more step")} had nothing to do.`)] : []),
    ...(takenUp > 0 ? [pc.dim(`The run was taken up again ${plural(takenUp, "time")}; this is its last part.`)] : []),
    `${seconds.toFixed(1)} s in all, of which ${length.toFixed(1)} s on the critical path (${pc.red("▌")}):`,
    `  ${criticalPath.join(" → ")}`,
  ]
}

/** Where in the whole it lies: `░` while it waited for a resource, `█` while it was at work. */
function bars({ from, to, waited, status }: TimelineStep, scale: number): string {
  const start = Math.round(from * scale)
  const waiting = Math.round(waited * scale)
  const length = Math.max(1, Math.round(to * scale) - start)
  const colour = status === "failed" ? pc.red : status === "unchanged" || status === "skipped" ? pc.dim : pc.cyan
  return (
    " ".repeat(start) +
    pc.dim("░".repeat(Math.min(waiting, length - 1))) +
    colour("█".repeat(Math.max(1, length - waiting)))
  )
}

export const isWorthALine = ({ status, critical, from, to }: TimelineStep, seconds: number) =>
  critical || (status !== "unchanged" && status !== "skipped") || to - from >= seconds * worthALine
