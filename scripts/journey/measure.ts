import { closeSync, openSync, writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { messageOf } from "../../src/util/errors.ts"
import { type Journey, twoBareMachines } from "./run.ts"
import { type Measured, tableOf } from "./table.ts"
import type { Voice } from "./voice.ts"

/** What is measured on a journey. */
export type Measurable = Pick<Journey, "run" | "openstack" | "timeline" | "takeDown">

/**
 * `npm run e2e [-- --json FILE]`: one BIOS and one UEFI machine, from a blank disk to a Keystone token, in seconds per phase.
 * Returns the exit code: 2 for arguments that it cannot serve, told before anything is made.
 */
export async function measured(
  args: readonly string[],
  begin: () => Measurable,
  { say, complain }: Voice,
): Promise<number> {
  let file: string | undefined
  try {
    file = fileFrom(args)
  } catch (error) {
    complain(`${messageOf(error)}\nusage: npm run e2e [-- --json FILE]`)
    return 2
  }
  const journey = begin()
  try {
    const figures = await figuresOf(journey)
    say(`\n${tableOf(figures).join("\n")}`)
    if (file !== undefined) writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`)
    return 0
  } catch (error) {
    complain(messageOf(error))
    return 1
  } finally {
    await journey.takeDown()
  }
}

/** Where the figures shall go. Opened now: a run takes minutes, and its figures must not be lost for a slip of the pen. */
function fileFrom(args: readonly string[]): string | undefined {
  const { json } = parseArgs({ args: [...args], options: { json: { type: "string" } } }).values
  if (json !== undefined) closeSync(openSync(json, "a"))
  return json
}

async function figuresOf(journey: Measurable): Promise<Measured> {
  const stages = await journey.run(twoBareMachines)
  const started = Date.now()
  const { code, stderr } = await journey.openstack("token", "issue")
  if (code !== 0) throw new Error(`no token: ${stderr}`)
  return {
    stages: [...stages, { stage: "token", seconds: (Date.now() - started) / 1000 }],
    nodes: { "node1 (BIOS)": await journey.timeline("node1"), "node2 (UEFI)": await journey.timeline("node2") },
  }
}
