import { type Command, Option } from "commander"
import { inventoryFormats } from "../api/inventory.ts"
import { Client } from "./client.ts"
import { examples } from "./examples.ts"

/** `bifrost-ts inventory`. */
export function registerInventory(program: Command): void {
  program
    .command("inventory")
    .description("the nodes as an inventory for the deployer or other tools")
    .addOption(
      new Option("--format <format>", "ansible: a dynamic inventory; yaml: an inventory file")
        .choices(inventoryFormats)
        .default("json"),
    )
    .option("--state <state>", "only nodes in this state, such as active")
    .addHelpText(
      "after",
      examples("inventory --format ansible", "inventory --format yaml --state active > inventory.yml"),
    )
    .action(async ({ format, state }: { format: string; state?: string }) => {
      const query = new URLSearchParams({ format, ...(state !== undefined && { state }) })
      const text = await new Client().text(`/v1/inventory?${query}`)
      console.log(format === "yaml" ? text.trimEnd() : JSON.stringify(JSON.parse(text), null, 2))
    })
}
