import type { Command } from "commander"
import { registerImages } from "./images.ts"
import { registerLab } from "./lab.ts"
import { registerProvisioner } from "./provisioner.ts"
import { registerServe } from "./serve.ts"

/** Each command is a file that exports one of these. */
export type Register = (program: Command) => void

export const commands: readonly Register[] = [registerImages, registerLab, registerProvisioner, registerServe]
