import type { CarriedUnit } from "../carried.ts"
import type { CheckFinding } from "./finding.ts"

/** Whether each container of the site runs and is healthy, and each task ended well. */
export function containerFindings(units: readonly CarriedUnit[]): CheckFinding[] {
  return units.map((unit) => {
    const { host, container, task, state, health, status } = unit
    const well = task
      ? (state === "exited" && status.startsWith("Exited (0)")) || state === "spared"
      : state === "running" && (health ?? "healthy") === "healthy"
    const check = `${task ? "task" : "container"} ${container}`
    if (well) return { host, check, status: "ok", detail: status, remedy: null }
    const detail = status === "" ? state : status
    if (health === "starting") return { host, check, status: "warning", detail, remedy: "Ask again in a minute." }
    return { host, check, status: "failed", detail, remedy: remedyFor(unit) }
  })
}

const remedyFor = ({ container, host, state }: CarriedUnit) =>
  state === "absent" || state === "unknown"
    ? "bifrost-ts plan shows what a deploy would do about it."
    : `bifrost-ts service logs ${container} --host ${host} tells why; bifrost-ts deploy repairs it.`
