import type { EventRecord } from "../../store/records.ts"

/** One leg of a deploy: what ended it, when, and how long it took. */
export interface Leg {
  readonly phase: string
  /** Seconds after the deploy began. */
  readonly at: number
  readonly took: number
  /** By what means, where there are several; the last did what those before it did not. */
  readonly how?: string
}

interface Mark {
  readonly phase: string
  readonly ends: (event: EventRecord) => boolean
  /** The kind of event whose `method` says by what means. */
  readonly means?: string
}

const step = (name: string) => (event: EventRecord) => event.kind === "step.end" && event.data["step"] === name
const kind = (name: string) => (event: EventRecord) => event.kind === name

/** What the seconds between "deploy" and "active" are spent on, in the order in which they come. */
const marks: readonly Mark[] = [
  { phase: "power on", ends: step("power on") },
  { phase: "first DHCP request", ends: kind("netboot.dhcp") },
  { phase: "boot script fetched", ends: kind("netboot.script") },
  { phase: "kernel and ramdisk fetched", ends: kind("netboot.ramdisk") },
  { phase: "agent ready", ends: kind("agent.lookup") },
  { phase: "image written", ends: step("wait for write") },
  { phase: "left for the system", ends: step("boot image"), means: "os.start" },
  { phase: "first boot done", ends: kind("os.first-boot") },
  { phase: "SSH with the injected key", ends: kind("os.ssh") },
  { phase: "active", ends: (event) => event.kind === "node.state" && event.data["to"] === "active" },
]

/** The legs of a node's last deploy, as far as it got. `events` are the node's own, oldest first. */
export function lastDeploy(events: readonly EventRecord[]): Leg[] {
  const start = events.findLastIndex(
    ({ kind: what, data }) => what === "node.state" && data["to"] === "deploying" && data["verb"] !== undefined,
  )
  const begun = events[start]
  if (!begun) return []
  const after = events.slice(start)
  const legs: Leg[] = []
  for (const { phase, ends, means } of marks) {
    const event = after.find(ends)
    if (!event) continue
    const at = (event.at - begun.at) / 1000
    const took = Math.max(0, at - (legs.at(-1)?.at ?? 0))
    const how = after.filter((each) => each.kind === means).map(({ data }) => data["method"])
    legs.push({ phase, at, took, ...(how.length > 0 && { how: how.join(", then ") }) })
  }
  return legs
}
