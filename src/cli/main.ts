import { Command } from "commander"
import { registerFor } from "./commands.ts"
import { reportAndExit } from "./report.ts"

const program = new Command("bifrost-ts")
  .description("From a list of BMC addresses to a running OpenStack cloud")
  .showHelpAfterError("(bifrost-ts --help shows what there is)")

program.addHelpText(
  "after",
  `
The main job:
  bifrost-ts enroll hosts.csv
  bifrost-ts provision --then-deploy

Exit codes: 0 done, 1 failed or refused, 3 the provisioner does not answer, 130 left a run to itself.
BIFROST_STATE and BIFROST_CACHE name the directories for what is kept and what can be made again.`,
)

await registerFor(program, process.argv[2])

try {
  await program.parseAsync()
} catch (error) {
  reportAndExit(error)
}
