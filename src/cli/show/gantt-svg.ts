import { isWorthALine } from "./gantt.ts"
import type { RunTimeline, TimelineStep } from "./run-timeline.ts"

const row = 18
const left = 320
const width = 1200
const right = 60
const head = 44

const fills: Record<TimelineStep["status"], string> = {
  changed: "#3b7dd8",
  planned: "#3b7dd8",
  running: "#8ab4f0",
  unchanged: "#b8b8b8",
  skipped: "#e0e0e0",
  failed: "#d03030",
}

/** The timeline as a picture that stands by itself; each bar's tooltip says what its step did. */
export function ganttSvg(timeline: RunTimeline, title: string): string {
  const { seconds, criticalPath } = timeline
  const steps = timeline.steps.filter((step) => isWorthALine(step, seconds))
  const scale = (width - left - right) / (seconds || 1)
  const height = head + steps.length * row + 12
  const x = (at: number) => (left + at * scale).toFixed(1)
  const ticks = tickSeconds(seconds).map(
    (at) =>
      `<path d="M${x(at)} ${head - 6}V${height - 8}" class="t"/><text x="${x(at)}" y="${head - 10}" class="n">${at} s</text>`,
  )
  const bars = steps.map((step, index) => {
    const y = head + index * row
    const length = (from: number, to: number) => Math.max(1, (to - from) * scale).toFixed(1)
    const worked = step.from + step.waited
    const changes = step.changes.length > 0 ? `\n${step.changes.join("\n")}` : ""
    const tip = `${step.id}: ${step.status}, ${(step.to - step.from).toFixed(1)} s${changes}`
    const critical = step.critical ? ' class="c"' : ""
    return `<g${critical}><title>${escaped(tip)}</title><text x="${left - 8}" y="${y + 12}" class="s">${escaped(step.id)}</text>${
      step.waited > 0
        ? `<rect x="${x(step.from)}" y="${y + 6}" width="${length(step.from, worked)}" height="4" fill="#ccc"/>`
        : ""
    }<rect x="${x(worked)}" y="${y + 2}" width="${length(worked, step.to)}" height="${row - 5}" fill="${fills[step.status]}"/></g>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">
<style>.t{stroke:#ddd}.n{text-anchor:middle;fill:#666}.s{text-anchor:end}.c text{font-weight:bold;fill:#b02020}.c rect:last-child{stroke:#b02020;stroke-width:1.5}</style>
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="8" y="18" font-size="14">${escaped(title)}, ${seconds.toFixed(1)} s; critical path in red: ${escaped(String(criticalPath.length))} steps</text>
${ticks.join("\n")}
${bars.join("\n")}
</svg>
`
}

/** Round numbers, ten at most. */
function tickSeconds(seconds: number): number[] {
  const step =
    [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800].find((each) => seconds / each <= 10) ?? 3600
  return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => Math.round(index * step * 10) / 10)
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }
const escaped = (text: string) => text.replace(/[&<>"]/g, (sign) => entities[sign]!)
