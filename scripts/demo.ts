import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { parseArgs } from "node:util"
import pc from "picocolors"
import { accelerator } from "../src/lab/accelerator.ts"
import { inState, pathsFrom } from "../src/util/paths.ts"
import { fromBareMetal } from "./journey/commands.ts"
import { type Demo, demos } from "./journey/demos.ts"
import { writeSite } from "./journey/site.ts"

/** `npm run demo`: the main job on one bare machine, command by command, and how to reach what it leaves running. */
const paths = pathsFrom(process.env)
const lab = "bifrost-lab"
const machine = { name: "node1", address: "172.22.0.11" }
const hostsCsv = join(inState.lab(paths), lab, "hosts.csv")
const clouds = join(inState.access(paths), "clouds.yaml")
const openstack = ["lab", "exec", "--", "env", `OS_CLIENT_CONFIG_FILE=${clouds}`, "openstack", "--os-cloud", "bifrost"]

const demo = chosen()
const started = Date.now()
const elapsed = () => {
  const seconds = Math.round((Date.now() - started) / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
}

console.log(`What the cloud shall have is in ${writeSite(paths, demo.site)}: ${demo.what}.`)
if ((await accelerator()) === "tcg")
  console.log(`Without KVM, servers are emulated: expect about ${demo.minutesEmulated} minutes on two cores.`)
const stages = [
  ...fromBareMetal({ lab, machines: demo.machine, hostsCsv }),
  {
    name: "token",
    why: "the proof: a token from Keystone, by the real client",
    args: [...openstack, "token", "issue"],
  },
]

for (const { why, args } of stages) {
  console.log(`\n${pc.dim(elapsed())} ${pc.bold(why)}\n${pc.cyan(`$ bifrost-ts ${args.join(" ")}`)}`)
  const { status } = spawnSync("bin/bifrost-ts", args, { stdio: "inherit" })
  if (status !== 0) {
    console.error(`\n${pc.red("The demo stopped here.")} What was made so far stays; mend what the error names and run`)
    console.error(
      "npm run demo again, or take everything down with: bifrost-ts down --lab bifrost-lab; bifrost-ts lab down",
    )
    process.exit(status ?? 1)
  }
}

console.log(`
${pc.green(`A machine that was bare runs ${demo.what}, after ${elapsed()}.`)}

  log in      bin/bifrost-ts lab ssh ${machine.name}
  console     bin/bifrost-ts lab console ${machine.name}
  Keystone    http://${machine.address}:5000/v3   (inside the lab's network)
  openstack   bin/bifrost-ts ${openstack.join(" ")} service list
  what it did bin/bifrost-ts timeline ${machine.name}
  again       bin/bifrost-ts provision --then-deploy      changes nothing
  take down   bin/bifrost-ts down --lab ${lab} && bin/bifrost-ts lab down
`)

/** What the command line asks for. */
function chosen(): Demo {
  const names = Object.keys(demos)
  const usage = `usage: npm run demo [-- --services ${names.join("|")}]`
  try {
    const { services } = parseArgs({ options: { services: { type: "string", default: "identity" } } }).values
    if (services in demos) return demos[services as keyof typeof demos]
    throw new Error(`there is no demo "${services}"`)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${usage}`)
    process.exit(2)
  }
}
