/**
 * A deployer in a process of its own, for tests that kill it: reads what it needs as JSON from the file named first. The second
 * argument is JSON as well: steps, and how many milliseconds after one began to be applied the process kills itself (SIGKILL). If
 * the step ends sooner, that is when. The steps that it was at are its output.
 */
import { readFileSync, writeSync } from "node:fs"
import { runJournal } from "../../../src/deploy/journal.ts"
import { deployRun } from "../../../src/deploy/run.ts"
import { openStore } from "../../../src/store/open.ts"
import { systemClock as clock } from "../../../src/util/clock.ts"
import { Secret } from "../../../src/util/secret.ts"
import { services } from "./services.ts"

const [file = "", deaths = "{}"] = process.argv.slice(2)
const delays = new Map<unknown, number>(Object.entries(JSON.parse(deaths)))
const { paths, key, run, ...request } = JSON.parse(readFileSync(file, "utf8"))
const store = await openStore(paths, { clock })
const at = new Set<unknown>()

function die() {
  writeSync(1, [...at].join("\n"))
  process.kill(process.pid, "SIGKILL")
}

await deployRun({
  ...request,
  services,
  secrets: store.secrets,
  privateKey: new Secret(key),
  journal: runJournal(store.journal, run),
  clock,
  signal: new AbortController().signal,
  onEvent({ kind, data: { step, phase } }) {
    if (kind !== "run.step") return
    const delay = delays.get(step)
    if (phase === "apply" && delay !== undefined) {
      at.add(step)
      setTimeout(die, delay)
    } else if (phase === "end" && at.has(step)) die()
  },
})
process.exit(3)
