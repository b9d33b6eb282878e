import { join } from "node:path"
import { parseArgs } from "node:util"
import pc from "picocolors"
import type { Accelerator } from "../../src/lab/accelerator.ts"
import { defaultLabName } from "../../src/lab/lab.ts"
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

const machine = { name: "node1", address: network.machine(0) }

/** What the command line asks for. */
interface Wish {
  readonly demo: Demo
  readonly lab: string
  /** Options of `lab up`. */
  readonly machines: readonly string[]
}

/**
 * `npm run demo [-- --services NAME --nodes N --firmware FIRMWARE --lab NAME]`: the main job on one bare machine or several, command
 * by command, and how to reach what it leaves running. Returns the exit code: that of the command that failed, or 2 where no
 * such demo is there.
 */
export async function showDemo(args: readonly string[], around: Surroundings): Promise<number> {
  const { paths, now, say, complain } = around
  let wish: Wish
  try {
    wish = wishFrom(args)
  } catch (error) {
    complain(`${messageOf(error)}\n${usage}`)
    return 2
  }
  const { demo } = wish
  const started = now()
  const elapsed = () => clockTime((now() - started) / 1000)
  say(`What the cloud shall have is in ${writeSite(paths, demo.site)}: ${demo.what}.`)
  if ((await around.accelerator()) === "tcg")
    say(`Without KVM, servers are emulated: expect about ${demo.minutesEmulated} minutes on two cores.`)
  for (const { why, args: words } of stagesOf(wish, paths)) {
    say(`\n${pc.dim(elapsed())} ${pc.bold(why)}\n${pc.cyan(`$ bifrost-ts ${words.join(" ")}`)}`)
    const code = around.bifrost(words)
    if (code === 0) continue
    complain(`\n${pc.red("The demo stopped here.")} What was made so far stays; mend what the error names and run`)
    complain(`npm run demo again, or take everything down with: ${takeDown(wish)}`)
    return code ?? 1
  }
  say(howToReach(wish, elapsed(), paths))
  return 0
}

const usage = `usage: npm run demo [-- --services ${Object.keys(demos).join("|")} --nodes N --firmware bios|uefi|mixed --lab NAME]`

function wishFrom(args: readonly string[]): Wish {
  const text = { type: "string" } as const
  const options = {
    services: { ...text, default: "identity" },
    lab: { ...text, default: defaultLabName },
    nodes: text,
    firmware: text,
  }
  const { services, lab, ...shape } = parseArgs({ args: [...args], options }).values
  if (!Object.hasOwn(demos, services)) throw new Error(`there is no demo "${services}"`)
  const demo: Demo = demos[services as keyof typeof demos]
  const given = Object.entries(shape).flatMap(([name, value]) => [`--${name}`, value])
  return { demo, lab, machines: [...demo.machine, ...given] }
}

function stagesOf({ lab, machines }: Wish, paths: Paths): readonly Stage[] {
  const hostsCsv = join(inState.lab(paths), lab, "hosts.csv")
  const why = "the proof: a token from Keystone, by the real client"
  const args = [...openstack(lab, paths), "token", "issue"]
  return [...fromBareMetal({ lab, machines, hostsCsv }), { name: "token", why, args }]
}

/** A verb of the lab's that may have another name than its usual one. */
const ofLab = (lab: string, verb: string) => ["lab", verb, ...(lab === defaultLabName ? [] : ["--name", lab])]

const openstack = (lab: string, paths: Paths) => {
  const clouds = join(inState.access(paths), "clouds.yaml")
  return [...ofLab(lab, "exec"), "--", "env", `OS_CLIENT_CONFIG_FILE=${clouds}`, "openstack", "--os-cloud", "bifrost"]
}

const takeDown = ({ lab }: Wish) => `bin/bifrost-ts down --lab ${lab} && bin/bifrost-ts ${ofLab(lab, "down").join(" ")}`

const howToReach = (wish: Wish, elapsed: string, paths: Paths) => `
${pc.green(`What was bare runs ${wish.demo.what}, after ${elapsed}.`)}

  log in      bin/bifrost-ts ${ofLab(wish.lab, "ssh").join(" ")} ${machine.name}
  console     bin/bifrost-ts ${ofLab(wish.lab, "console").join(" ")} ${machine.name}
  Keystone    http://${machine.address}:5000/v3   (inside the lab's network)
  openstack   bin/bifrost-ts ${openstack(wish.lab, paths).join(" ")} service list
  what it did bin/bifrost-ts timeline ${machine.name}
  again       bin/bifrost-ts provision --then-deploy      changes nothing
  take down   ${takeDown(wish)}
`

function clockTime(seconds: number): string {
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`
}
