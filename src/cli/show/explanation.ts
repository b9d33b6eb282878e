import type { Explanation } from "../../api/ports.ts"
import { bar, bytes, elapsed, percent, timeOfDay } from "./text.ts"

/** What a node is doing, in sentences; times are local. */
export function showExplanation(seen: Explanation, now: number): string {
  const lines = [` ${seen.node} is ${seen.state}${purpose(seen)}.`]
  const add = (label: string, text: string | null | undefined) => {
    if (text) lines.push(`   ${label.padEnd(8)} ${text}`)
  }
  const came = seen.phases.filter(({ at }) => at !== null)
  add("doing", seen.step && `${seen.step}${seen.attempt === 2 ? " (second attempt)" : ""}`)
  add("seen", came.map(({ name, at }) => `${name} ${timeOfDay(at!)}`).join(" · "))
  add("progress", progressText(seen))
  if (seen.waiting_for) add(seen.phases.length > 0 ? "missing" : "awaits", `${seen.waiting_for}${dueText(seen, now)}`)
  add("then", seen.or_else)
  add("check", seen.check)
  add("error", seen.last_error)
  return lines.join("\n")
}

function purpose({ target, waiting_for }: Explanation): string {
  const goal = target === null ? "" : `, on its way to ${target}`
  return waiting_for === null ? goal : `${goal}, and waits for: ${waiting_for}`
}

export function progressText({ progress }: Pick<Explanation, "progress">): string {
  if (!progress) return ""
  const name = progress.step.replaceAll("_", " ")
  if (progress.total <= 0) return progress.done > 0 ? `${name} ${bytes(progress.done)}` : name
  const share = progress.done / progress.total
  return `${name}  ${bar(share)}  ${percent(share)}  of ${bytes(progress.total)}`
}

export function dueText({ due_by }: Pick<Explanation, "due_by">, now: number): string {
  if (due_by === null) return ""
  return due_by > now
    ? `, due by ${timeOfDay(due_by)} (in ${elapsed(due_by - now)})`
    : `, overdue since ${timeOfDay(due_by)}`
}
