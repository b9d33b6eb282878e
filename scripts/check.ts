import { spawnSync } from "node:child_process"
import { stalePages } from "./generate-docs.ts"
import { importDirectionFaults } from "./import-direction.ts"

/** `npm run check`: types, lint and format, import direction, generated docs. Every stage runs, so that one call shows all faults. */
const stages: [name: string, run: () => boolean | Promise<boolean>][] = [
  ["types", () => succeeds("tsc", [])],
  ["lint and format", () => succeeds("biome", ["ci", ".", ...(process.stdout.isTTY ? [] : ["--colors=off"])])],
  ["import direction", importsPointInward],
  ["generated docs", docsAreFresh],
]

function succeeds(command: string, args: string[]): boolean {
  return spawnSync(command, args, { stdio: "inherit" }).status === 0
}

function importsPointInward(): boolean {
  const faults = importDirectionFaults("src")
  for (const fault of faults) console.error(fault)
  return faults.length === 0
}

async function docsAreFresh(): Promise<boolean> {
  const stale = await stalePages(".")
  for (const page of stale) console.error(`${page} does not say what the code says: npm run docs`)
  return stale.length === 0
}

let failed = 0
for (const [name, run] of stages) {
  const started = Date.now()
  const ok = await run()
  if (!ok) failed++
  console.log(`${ok ? "✔" : "✘"} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`)
}
process.exitCode = failed === 0 ? 0 : 1
