import type { Command } from "commander"
import pc from "picocolors"
import type { Json, JsonObject } from "../store/records.ts"
import { Client, path } from "./client.ts"
import { examples } from "./examples.ts"
import { table } from "./table.ts"

type Node = JsonObject & { uuid: string; name: string | null; groups: string[]; maintenance: boolean }
interface JsonFlag {
  readonly json?: boolean
}

/** What one verb asks of the conductor; the states page says from where each is allowed. */
const verbs: readonly (readonly [verb: string, target: string, description: string])[] = [
  ["manage", "manage", "take the node in hand: log in to its BMC"],
  ["provide", "provide", "make the node available for deploys"],
  ["deploy", "active", "install its image, even where provision would leave it alone"],
  ["undeploy", "deleted", "take it out of use and clean it"],
  ["rebuild", "rebuild", "install its image again"],
  ["inspect", "inspect", "read its hardware through the agent"],
  ["abort", "abort", "end what it waits for"],
]

const powerWords: Readonly<Record<string, string>> = {
  on: "power on",
  off: "power off",
  reboot: "rebooting",
  "soft-off": "soft power off",
  "soft-reboot": "soft rebooting",
}

/** `bifrost-ts node …`. */
export function registerNode(program: Command): void {
  const node = program.command("node").description("list, show and move single nodes")
  const client = () => new Client()

  node
    .command("list")
    .description("every node with its state")
    .option("--json", "print JSON")
    .addHelpText("after", examples("node list", "node list --json | jq '.[].name'"))
    .action(async ({ json }: JsonFlag) => {
      const { nodes } = await client().get<{ nodes: Node[] }>("/v1/nodes/detail")
      console.log(json ? JSON.stringify(nodes, null, 2) : nodeTable(nodes))
    })

  node
    .command("show")
    .argument("<node>", "name or uuid")
    .description("all that is known of a node; passwords are masked")
    .option("--json", "print JSON")
    .addHelpText("after", examples("node show rack1-h0"))
    .action(async (id: string, { json }: JsonFlag) => {
      const shown = await client().get<Node>(path`/v1/nodes/${id}`)
      const { ports } = await client().get<{ ports: { address: string }[] }>(path`/v1/nodes/${id}/ports`)
      const whole: JsonObject = { ...shown, macs: ports.map((port) => port.address) }
      console.log(json ? JSON.stringify(whole, null, 2) : fieldList(whole))
    })

  node
    .command("delete")
    .argument("<nodes...>", "names or uuids")
    .description("forget nodes; allowed in enroll, manageable, available, or in maintenance")
    .addHelpText("after", examples("node delete rack1-h0"))
    .action(async (ids: string[]) => {
      for (const id of ids) {
        await client().delete(path`/v1/nodes/${id}`)
        console.log(`${pc.red("-")} ${id}`)
      }
    })

  for (const [verb, target, description] of verbs) {
    node
      .command(verb)
      .argument("<nodes...>", "names or uuids")
      .description(description)
      .addHelpText("after", examples(`node ${verb} rack1-h0`))
      .action(async (ids: string[]) => {
        for (const id of ids) {
          await client().put(path`/v1/nodes/${id}/states/provision`, { target })
          const { provision_state } = await client().get<Node>(path`/v1/nodes/${id}`)
          console.log(`${id} is ${provision_state}; follow it: bifrost-ts explain ${id}`)
        }
      })
  }

  node
    .command("power")
    .argument("<action>", [...Object.keys(powerWords)].join(", "))
    .argument("<nodes...>", "names or uuids")
    .description("switch machines through their BMCs")
    .addHelpText("after", examples("node power on rack1-h0 rack1-h1", "node power soft-off rack1-h0"))
    .action(async (action: string, ids: string[], _, command: Command) => {
      const target = powerWords[action]
      if (!target)
        return command.error(`error: no power action "${action}"; there are ${Object.keys(powerWords).join(", ")}`)
      for (const id of ids) {
        await client().put(path`/v1/nodes/${id}/states/power`, { target })
        console.log(`${id}: ${target}`)
      }
    })

  node
    .command("maintenance")
    .argument("<action>", "on or off")
    .argument("<node>", "name or uuid")
    .option("--reason <text>", "kept with the node")
    .description("take a node out of, or back into, what runs do")
    .addHelpText("after", examples("node maintenance on rack1-h0 --reason 'new fans'"))
    .action(async (action: string, id: string, { reason }: { reason?: string }, command: Command) => {
      if (action === "on") await client().put(path`/v1/nodes/${id}/maintenance`, { reason: reason ?? null })
      else if (action === "off") await client().delete(path`/v1/nodes/${id}/maintenance`)
      else return command.error(`error: "${action}" is neither on nor off`)
      console.log(`${id}: maintenance ${action}`)
    })

  node
    .command("validate")
    .argument("<node>", "name or uuid")
    .description("whether everything is said that a deploy needs; exit code 1 when not")
    .addHelpText("after", examples("node validate rack1-h0"))
    .action(async (id: string) => {
      type Answer = Record<string, { result: boolean | null; reason: string | null }>
      const found = await client().get<Answer>(path`/v1/nodes/${id}/validate`)
      for (const [name, { result, reason }] of Object.entries(found)) {
        console.log(`${result === false ? pc.red("✘") : pc.green("✔")} ${name}${reason ? `  ${reason}` : ""}`)
        if (result === false) process.exitCode = 1
      }
    })
}

function nodeTable(nodes: readonly Node[]): string {
  if (nodes.length === 0) return "No node is enrolled: bifrost-ts enroll FILE"
  const text = (value: Json | undefined) => (value === null || value === undefined ? "" : String(value))
  return table(
    ["NAME", "STATE", "POWER", "BMC", "GROUPS", "NOTE"],
    nodes.map((node) => {
      const info = node["driver_info"] as JsonObject
      const note = node.maintenance ? `maintenance ${text(node["maintenance_reason"])}` : text(node["last_error"])
      const bmc = text(info["ipmi_address"] ?? info["redfish_address"])
      const power = text(node["power_state"]).replace(/^power /, "")
      return [node.name ?? node.uuid, text(node["provision_state"]), power, bmc, node.groups.join(" "), note.trim()]
    }),
  )
}

/** One field a line; what is empty is left out. */
function fieldList(node: JsonObject): string {
  const empty = (value: Json) =>
    value === null || value === "" || JSON.stringify(value) === "{}" || JSON.stringify(value) === "[]"
  const shown = Object.entries(node).filter(([name, value]) => name !== "links" && !empty(value))
  const width = Math.max(...shown.map(([name]) => name.length))
  return shown
    .map(
      ([name, value]) => `${pc.dim(name.padEnd(width))}  ${typeof value === "string" ? value : JSON.stringify(value)}`,
    )
    .join("\n")
}
