import { spawnSync } from "node:child_process"
import { importDirectionFaults } from "./import-direction.ts"

/** `npm run check`: types, lint and format, import direction. Every stage runs, so that one call shows all faults. */
const stages: [name: string, run: () => boolean][] = [
  ["types", () => succeeds("tsc", [])],
  ["lint and format", () => succeeds("biome", ["ci", ".", ...(process.stdout.isTTY ? [] : ["--colors=off"])])],
  ["import direction", importsPointInward],
]

function succeeds(command: string, args: string[]): boolean {
  return spawnSync(command, args, { stdio: "inherit" }).status === 0
}

function importsPointInward(): boolean {
  const faults = importDirectionFaults("src")
  for (const fault of faults) console.error(fault)
  return faults.length === 0
}

let failed = 0
for (const [name, run] of stages) {
  const started = Date.now()
  const ok = run()
  if (!ok) failed++
  console.log(`${ok ? "✔" : "✘"} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`)
}
process.exitCode = failed === 0 ? 0 : 1
