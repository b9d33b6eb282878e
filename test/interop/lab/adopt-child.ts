/** Enrolls a hosts file and provisions what it names, inside the lab's network: `adopt-child.ts STATE HOSTS.CSV`. Prints the nodes. */
import { readFileSync } from "node:fs"
import { conductorFor } from "../../../src/conductor/assemble.ts"
import { enroll } from "../../../src/enroll/enroll.ts"
import { provisionNode } from "../../../src/service/runs/provision-node.ts"
import { openStore } from "../../../src/store/open.ts"
import { systemClock } from "../../../src/util/clock.ts"
import { messageOf } from "../../../src/util/errors.ts"

const [state = "", file = ""] = process.argv.slice(2)
const paths = { state, cache: `${state}/cache` }
const store = await openStore(paths)
const enrolled = await enroll(store, systemClock, { filename: file, content: readFileSync(file, "utf8") })
const conductor = conductorFor({ store, paths, serviceUrl: "http://172.22.0.1:8080" })
await conductor.start()
const image = { name: "debian-13", force: false }
const signal = AbortSignal.timeout(60_000)
const runId = crypto.randomUUID()
const outcomes = await Promise.all(
  (await store.nodes.list()).map((node) =>
    provisionNode(node, { conductor, store, runId, image, signal }).then(() => "", messageOf),
  ),
)
console.log(JSON.stringify({ enrolled, outcomes, nodes: await store.nodes.list() }))
await conductor.stop()
await store.close()
