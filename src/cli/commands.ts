import type { Command } from "commander"
import { registerApiPassword } from "./api-password.ts"
import { registerCompletion } from "./completion.ts"
import { registerDeploy } from "./deploy.ts"
import { registerEnroll } from "./enroll.ts"
import { registerEvents } from "./events.ts"
import { registerExplain } from "./explain.ts"
import { registerImages } from "./images.ts"
import { registerInventory } from "./inventory.ts"
import { registerLab } from "./lab.ts"
import { registerNode } from "./node.ts"
import { registerProvision } from "./provision.ts"
import { registerProvisioner } from "./provisioner.ts"
import { registerRun } from "./run.ts"
import { registerServe } from "./serve.ts"
import { registerTimeline } from "./timeline.ts"

/** Each command is a file that exports one of these. */
export type Register = (program: Command) => void

/** In the order of --help: the main job first. */
export const commands: readonly Register[] = [
  registerEnroll,
  registerProvision,
  registerDeploy,
  registerExplain,
  registerNode,
  registerRun,
  registerEvents,
  registerInventory,
  registerImages,
  registerLab,
  registerProvisioner,
  registerServe,
  registerApiPassword,
  registerTimeline,
  registerCompletion,
]
