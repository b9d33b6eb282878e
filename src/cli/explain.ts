import type { Command } from "commander"
import type { Explanation } from "../api/ports.ts"
import { Client, path } from "./client.ts"
import { examples } from "./examples.ts"
import { showExplanation } from "./show/explanation.ts"

/** `bifrost-ts explain NODE`. */
export function registerExplain(program: Command): void {
  program
    .command("explain")
    .argument("<node>", "name or uuid")
    .description("what a node is doing, what it waits for and until when, and what to look at")
    .option("--json", "print JSON")
    .addHelpText("after", examples("explain rack1-h1"))
    .action(async (id: string, { json }: { json?: boolean }) => {
      const seen = await new Client().get<Explanation>(path`/v1/nodes/${id}/explain`)
      console.log(json ? JSON.stringify(seen, null, 2) : showExplanation(seen, Date.now()))
    })
}
