/**
 * A deployer in a process of its own, for tests that kill it: reads what it needs as JSON from the file named first, and kills itself
 * (SIGKILL) when the step named second begins to be applied.
 */
import { readFileSync } from "node:fs"
import { runJournal } from "../../../src/deploy/journal.ts"
import { deployRun } from "../../../src/deploy/run.ts"
import { openStore } from "../../../src/store/open.ts"
import { systemClock as clock } from "../../../src/util/clock.ts"
import { Secret } from "../../../src/util/secret.ts"
import { services } from "./services.ts"

const [file = "", victim = "", delay = "0"] = process.argv.slice(2)
const { paths, key, run, ...request } = JSON.parse(readFileSync(file, "utf8"))
const store = await openStore(paths, { clock })
await deployRun({
  ...request,
  services,
  secrets: store.secrets,
  privateKey: new Secret(key),
  journal: runJournal(store.journal, run),
  clock,
  signal: new AbortController().signal,
  onEvent({ kind, data }) {
    if (kind !== "run.step" || data["step"] !== victim || data["phase"] !== "apply") return
    setTimeout(() => process.kill(process.pid, "SIGKILL"), Number(delay))
  },
})
process.exit(3)
