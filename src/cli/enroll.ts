import { basename } from "node:path"
import type { Command } from "commander"
import type { EnrollReport } from "../enroll/enroll.ts"
import { Client } from "./client.ts"
import { examples } from "./examples.ts"
import { readInput } from "./input.ts"
import { showEnrollment } from "./show/enrollment.ts"

const help = `
FILE is one of these, recognised by its content; - reads standard input:
  CSV with a header      name, mac, bmc_address, bmc_port, bmc_user, bmc_password, driver, groups (control;network;compute;storage),
                         ip, root_device (serial=…;size=>= 100), image, firmware; other columns are kept with the node
  bifrost's CSV          without a header
  bifrost's JSON, YAML   a map of name → node
  baremetal create       {"nodes": [...]}
All or nothing: every error is told with its line and column, and nothing is stored. Nodes are matched by uuid, name or MAC.`

/** `bifrost-ts enroll FILE`. */
export function registerEnroll(program: Command): void {
  program
    .command("enroll")
    .argument("<file>", "list of hosts")
    .description("bring the store to a list of hosts; run again, it shows and applies the difference")
    .option("--dry-run", "only show what would change")
    .option("--json", "print the report as JSON")
    .addHelpText("after", help)
    .addHelpText("after", examples("enroll hosts.csv", "enroll --dry-run baremetal.yml"))
    .action(async (file: string, { dryRun = false, json }: { dryRun?: boolean; json?: boolean }) => {
      const request = { filename: basename(file), content: await readInput(file), dry_run: dryRun }
      const report = await new Client().post<EnrollReport>("/v1/enrollments", request)
      console.log(json ? JSON.stringify(report, null, 2) : showEnrollment(report))
    })
}
