import type { EventRecord } from "../../store/records.ts"
import { BifrostError } from "../../util/errors.ts"
import { conductorErrors } from "../errors.ts"
import { openMailbox } from "../mailbox.ts"
import { nameOf } from "../operation.ts"
import { type Phase, type PhaseView, viewPhases } from "../phases.ts"
import type { Step } from "../step.ts"
import { powerOn } from "./machine.ts"

/** "DHCP request" never came: which phase, after what, within which time, and what to look at. */
export function phaseMissing(node: string, view: PhaseView, next: Phase): BifrostError {
  const last = view.phases.findLast(({ at }) => at !== null)
  return new BifrostError(conductorErrors.PHASE_MISSING, {
    node,
    detail: `${next.name} never came within ${Math.round(next.within / 1000)} s after ${last?.name ?? "power on"}`,
    remedy: `Check ${next.check}.`,
  })
}

/** Follows the machine through the phases of a network boot until its agent takes commands. */
export const waitForAgent: Step = {
  name: "wait for agent",
  where: "wait",
  phases: ({ phases }) => phases.networkBoot,
  async run(run) {
    const { tools, node, signal } = run
    const began = run.earlier(powerOn.name)
    const since = Number(began["event"])
    // While the service was away nothing served the machine: it gets its time anew.
    const from = run.repeated ? tools.clock.now() : Number(began["at"])
    await run.note({ since, from })
    using mailbox = await openMailbox(tools.store, node.uuid, since, tools.clock)
    const seen: EventRecord[] = []
    for (;;) {
      const view = viewPhases(tools.phases.networkBoot, from, seen)
      if (!view.next) return undefined
      const event = await mailbox.next(view.due, signal)
      if (!event) throw phaseMissing(nameOf(node), view, view.next)
      seen.push(event)
    }
  },
}
