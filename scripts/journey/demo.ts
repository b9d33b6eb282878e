import { join } from "node:path"
import { parseArgs } from "node:util"
import pc from "picocolors"
import type { Accelerator } from "../../src/lab/accelerator.ts"
import { network } from "../../src/lab/spec.ts"
import { messageOf } from "../../src/util/errors.ts"
import { inState, type Paths } from "../../src/util/paths.ts"
import { fromBareMetal, type Stage } from "./commands.ts"
import { type Demo, demos } from "./demos.ts"
import { writeSite } from "./site.ts"
import type { Voice } from "./voice.ts"

/** What the demo needs of the world around it. */
export interface Surroundings extends Voice {
  readonly paths: Paths
  readonly now: () => number
  readonly accelerator: () => Promise<Accelerator>
  /** Runs bifrost-ts with these words, on this terminal; its exit code, or null where a signal ended it. */
  readonly bifrost: (words: readonly string[]) => number | null
}

const lab = "bifrost-lab"
const machine = { name: "node1", address: network.machine(0) }
const takeDown = `bin/bifrost-ts down --lab ${lab} && bin/bifrost-ts lab down`

/**
 * `npm run demo [-- --services NAME]`: the main job on one bare machine, command by command, and how to reach what it leaves
 * running. Returns the exit code: that of the command that failed, or 2 where no such demo is there.
 */
export async function showDemo(args: readonly string[], around: Surroundings): Promise<number> {
  const { paths, now, say, complain } = around
  let demo: Demo
  try {
    demo = chosen(args)
  } catch (error) {
    complain(`${messageOf(error)}\nusage: npm run demo [-- --services ${Object.keys(demos).join("|")}]`)
    return 2
  }
  const started = now()
  const elapsed = () => clockTime((now() - started) / 1000)
  say(`What the cloud shall have is in ${writeSite(paths, demo.site)}: ${demo.what}.`)
  if ((await around.accelerator()) === "tcg")
    say(`Without KVM, servers are emulated: expect about ${demo.minutesEmulated} minutes on two cores.`)
  for (const { why, args: words } of stagesOf(demo, paths)) {
    say(`\n${pc.dim(elapsed())} ${pc.bold(why)}\n${pc.cyan(`$ bifrost-ts ${words.join(" ")}`)}`)
    const code = around.bifrost(words)
    if (code === 0) continue
    complain(`\n${pc.red("The demo stopped here.")} What was made so far stays; mend what the error names and run`)
    complain(`npm run demo again, or take everything down with: ${takeDown}`)
    return code ?? 1
  }
  say(howToReach(demo, elapsed(), paths))
  return 0
}

function chosen(args: readonly string[]): Demo {
  const options = { services: { type: "string", default: "identity" } } as const
  const { services } = parseArgs({ args: [...args], options }).values
  if (Object.hasOwn(demos, services)) return demos[services as keyof typeof demos]
  throw new Error(`there is no demo "${services}"`)
}

function stagesOf({ machine: machines }: Demo, paths: Paths): readonly Stage[] {
  const hostsCsv = join(inState.lab(paths), lab, "hosts.csv")
  const why = "the proof: a token from Keystone, by the real client"
  const args = [...openstack(paths), "token", "issue"]
  return [...fromBareMetal({ lab, machines, hostsCsv }), { name: "token", why, args }]
}

const openstack = (paths: Paths) => {
  const clouds = join(inState.access(paths), "clouds.yaml")
  return ["lab", "exec", "--", "env", `OS_CLIENT_CONFIG_FILE=${clouds}`, "openstack", "--os-cloud", "bifrost"]
}

const howToReach = ({ what }: Demo, elapsed: string, paths: Paths) => `
${pc.green(`A machine that was bare runs ${what}, after ${elapsed}.`)}

  log in      bin/bifrost-ts lab ssh ${machine.name}
  console     bin/bifrost-ts lab console ${machine.name}
  Keystone    http://${machine.address}:5000/v3   (inside the lab's network)
  openstack   bin/bifrost-ts ${openstack(paths).join(" ")} service list
  what it did bin/bifrost-ts timeline ${machine.name}
  again       bin/bifrost-ts provision --then-deploy      changes nothing
  take down   ${takeDown}
`

function clockTime(seconds: number): string {
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`
}
