import { writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { BareCloud } from "./bench/bare.ts"
import { BenchCloud } from "./bench/cloud.ts"
import type { Measured } from "./bench/command.ts"
import { type Figure, outcomeOf, tableOf, verdictOf } from "./bench/figures.ts"
import { wipe } from "./bench/host.ts"

/**
 * `npm run bench [-- --json FILE] [--images]`: how fast and how large the deployer is, on a container that acts as a server. With
 * `--images` the core images are built anew, too. Ends with exit code 1 when a figure misses its limit by more than noise;
 * docs/speed.md says what each means.
 */
const { values } = parseArgs({ options: { json: { type: "string" }, images: { type: "boolean" } } })
const times = 3

async function repeated(measure: (turn: number) => Promise<Measured>): Promise<Measured[]> {
  const all: Measured[] = []
  for (let turn = 0; turn < times; turn++) all.push(await measure(turn))
  return all
}

const cloud = new BenchCloud()
const bare = new BareCloud(cloud.journey)
const deploy = () => cloud.untilAnswers(() => cloud.measure(["deploy"]))
const script = async () => {
  await bare.send()
  const measured = await cloud.untilAnswers(() => bare.start())
  await wipe(cloud.journey)
  return measured
}
try {
  await cloud.prepare()
  const first = await deploy()
  await bare.gather()
  await wipe(cloud.journey)
  const firstScript = await script()
  const second = await deploy()
  console.log(await cloud.timeline())
  await cloud.settle()
  const short = {
    "no-op plan": { limit: 3, all: await repeated(() => cloud.measure(["plan"])) },
    "no-op deploy": { limit: 3, all: await repeated(() => cloud.measure(["deploy"])) },
    "option of glance changed": {
      limit: 15,
      all: await repeated((turn) => cloud.change("glance", "limit_param_default", String(30 + turn))),
    },
    "option of nova changed": {
      limit: 15,
      all: await repeated((turn) => cloud.change("nova", "cpu_allocation_ratio", String(5 + turn))),
    },
    "unchanged images built": {
      limit: 3,
      all: await repeated(() => cloud.measure(["images", "build", "containers", "--profile", "site"])),
    },
  }
  const images = values.images
    ? { "core images built anew": { limit: 480, all: [await cloud.buildImages()] } }
    : undefined
  const serviceMb = await cloud.servicePeakMb()
  await wipe(cloud.journey)
  const scripts = [firstScript, await script()].map(({ seconds }) => seconds)
  const tools = [first, second]
  const answers = tools.map(({ seconds }) => seconds)
  const commands = [...tools.map(({ result }) => result), ...Object.values(short).flatMap(({ all }) => all)]
  const figures: Figure[] = [
    { name: "cloud: tool until all APIs answer", unit: "s", samples: answers },
    { name: "cloud: script until all APIs answer", unit: "s", samples: scripts },
    { name: "cloud: tool ÷ script", unit: "×", limit: 1.3, samples: [Math.min(...answers) / Math.min(...scripts)] },
    { name: "cloud: tool until all is healthy", unit: "s", samples: tools.map(({ result }) => result.seconds) },
    ...Object.entries({ ...short, ...images }).map(
      ([name, { limit, all }]): Figure => ({
        ...{ name, limit, unit: "s" },
        samples: all.map(({ seconds }) => seconds),
      }),
    ),
    {
      name: "memory of a command",
      unit: "MB",
      limit: 250,
      samples: [Math.max(...commands.map((each) => each.peakMb))],
    },
    { name: "memory of the service", unit: "MB", limit: 250, samples: [serviceMb] },
  ]
  console.log(tableOf(figures).join("\n"))
  if (values.json !== undefined) {
    const told = figures.map((figure) => ({ ...figure, value: outcomeOf(figure), verdict: verdictOf(figure) }))
    writeFileSync(values.json, `${JSON.stringify({ figures: told, answers: second.each }, null, 2)}\n`)
  }
  if (figures.some((figure) => verdictOf(figure) === "missed")) process.exitCode = 1
} finally {
  await cloud.journey.takeDown()
}
