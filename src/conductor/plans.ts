import type { ProvisionEvent, ProvisionState } from "../states/table.ts"
import type { Operation } from "./operation.ts"
import type { Step, Tools } from "./step.ts"
import { adoptSystem } from "./steps/adopt.ts"
import { waitForAgent } from "./steps/await-phases.ts"
import { clean, forget, readInventory, verifyBmc } from "./steps/care.ts"
import { bootFrom, powerOff, powerOn } from "./steps/machine.ts"
import { bootImage, finish, waitForSystem } from "./steps/system.ts"
import { checkImage, startWrite, waitForWrite } from "./steps/write.ts"

export interface Plan {
  readonly name: "verify" | "deploy" | "delete" | "clean" | "inspect" | "adopt"
  steps(operation: Operation, tools: Pick<Tools, "automatedClean">): readonly Step[]
  /** The event that the last step leads to. */
  ends(operation: Operation): ProvisionEvent
}

const netboot = [powerOff, bootFrom("pxe"), powerOn, waitForAgent]

const verify: Plan = { name: "verify", steps: () => [verifyBmc], ends: () => "done" }

const deploy: Plan = {
  name: "deploy",
  steps: () => [checkImage, ...netboot, startWrite, waitForWrite, bootFrom("disk"), bootImage, waitForSystem, finish],
  ends: () => "done",
}

const remove: Plan = { name: "delete", steps: () => [powerOff, forget], ends: () => "clean" }

/** A clean that a user asked for by name carries the steps and leads back to manageable. */
const manual = (operation: Operation) => operation.request["clean_steps"] !== undefined

const cleaning: Plan = {
  name: "clean",
  steps: (operation, { automatedClean }) =>
    manual(operation) || automatedClean ? [...netboot, clean, powerOffAs("power off after clean")] : [],
  ends: (operation) => (manual(operation) ? "manage" : "done"),
}

const inspect: Plan = {
  name: "inspect",
  steps: () => [...netboot, readInventory, powerOffAs("power off after inspection")],
  ends: () => "done",
}

const adopt: Plan = { name: "adopt", steps: () => [verifyBmc, adoptSystem], ends: () => "done" }

/** A second step of the same kind in one plan needs a name of its own: the journal goes by it. */
function powerOffAs(name: string): Step {
  return { ...powerOff, name }
}

/** State → what is done in it, and which of the plan's steps run there: those that act or those that wait. */
export const handlers: Partial<Record<ProvisionState, { readonly plan: Plan; readonly where: Step["where"] }>> = {
  verifying: { plan: verify, where: "work" },
  deploying: { plan: deploy, where: "work" },
  "wait call-back": { plan: deploy, where: "wait" },
  deleting: { plan: remove, where: "work" },
  cleaning: { plan: cleaning, where: "work" },
  "clean wait": { plan: cleaning, where: "wait" },
  inspecting: { plan: inspect, where: "work" },
  "inspect wait": { plan: inspect, where: "wait" },
  adopting: { plan: adopt, where: "work" },
}
