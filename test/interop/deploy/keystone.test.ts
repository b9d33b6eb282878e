import { afterAll, beforeAll } from "vitest"
import { destroyed } from "./keystone/destroyed.ts"
import { drift } from "./keystone/drift.ts"
import { killed } from "./keystone/killed.ts"
import { laidDown } from "./keystone/laid-down.ts"
import { rotated } from "./keystone/rotated.ts"
import { trouble } from "./keystone/trouble.ts"
import { upgraded } from "./keystone/upgraded.ts"
import { verbs } from "./keystone/verbs.ts"
import { begin, end } from "./keystone/world.ts"

const minutes = 60_000
beforeAll(() => begin("bifrost-deploy"), 15 * minutes)
afterAll(end, 2 * minutes)

// In the order of a site's life: each finds what those before it left.
laidDown()
drift()
trouble()
verbs()
killed()
rotated()
upgraded()
destroyed()
