import { Command } from "commander"
import { commands } from "./commands.ts"
import { reportAndExit } from "./report.ts"

const program = new Command("bifrost-ts")
  .description("From a list of BMC addresses to a running OpenStack cloud")
  .showHelpAfterError("(bifrost-ts --help shows what there is)")

for (const register of commands) register(program)

try {
  await program.parseAsync()
} catch (error) {
  reportAndExit(error)
}
