import { writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { Journey, twoBareMachines } from "./journey/run.ts"
import { tableOf } from "./journey/table.ts"

/** `npm run e2e [-- --json FILE]`: one BIOS and one UEFI machine, from a blank disk to a Keystone token, in seconds per phase. */
const { values } = parseArgs({ options: { json: { type: "string" } } })
const journey = new Journey(console.log)
try {
  const stages = await journey.run(twoBareMachines)
  const started = Date.now()
  const { code, stderr } = await journey.openstack("token", "issue")
  if (code !== 0) throw new Error(`no token: ${stderr}`)
  const measured = {
    stages: [...stages, { stage: "token", seconds: (Date.now() - started) / 1000 }],
    nodes: { "node1 (BIOS)": await journey.timeline("node1"), "node2 (UEFI)": await journey.timeline("node2") },
  }
  console.log(`\n${tableOf(measured).join("\n")}`)
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(measured, null, 2)}\n`)
} finally {
  await journey.takeDown()
}
