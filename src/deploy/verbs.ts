import type { StepGraph } from "../graph/graph.ts"
import { contracted } from "../graph/select.ts"
import { type AssembleOptions, assemble } from "./assemble.ts"
import { bootstrapGraph } from "./bootstrap/graph.ts"
import { destroyGraph, type LifecycleOptions, startGraph, stopGraph } from "./lifecycle/graphs.ts"
import { Placement } from "./placement.ts"
import { type Scope, scoped, targetsOf } from "./scope.ts"
import { redact } from "./secrets.ts"

export interface VerbOptions extends AssembleOptions {
  /** What of the site to act on; all of it when nothing is named. */
  readonly scope: Scope
  /** destroy: volumes too. */
  readonly includeData: boolean
}

export interface VerbPlan {
  readonly graph: StepGraph
  /** Service → URL; none when the verb has nothing to do with them. */
  readonly endpoints: Readonly<Record<string, string>>
}

/** What can be done with a site, each as a graph of steps. kolla-ansible's names. */
export const verbs = {
  deploy(options) {
    const { graph, endpoints, placement } = assemble(options)
    return { graph: scoped(graph, options.scope, placement, options.inventory), endpoints }
  },
  pull(options) {
    const { graph, placement } = assemble(options)
    const targets = targetsOf(graph, options.scope, placement, options.inventory)
    return { graph: graph.subset([...targets].filter((id) => id.includes("/pull/"))), endpoints: {} }
  },
  "post-deploy"(options) {
    const { graph, endpoints } = assemble(options)
    return { graph: contracted(graph, new Set(["site/access"])), endpoints }
  },
  "bootstrap-servers"(options) {
    const placement = new Placement(options.services, options.inventory, options.site)
    return { graph: bootstrapGraph({ ...options, placement }), endpoints: {} }
  },
  start: (options) => ({ graph: startGraph(lifecycle(options)), endpoints: {} }),
  stop: (options) => ({ graph: stopGraph(lifecycle(options)), endpoints: {} }),
  destroy(options) {
    const { includeData, registry } = options
    return { graph: destroyGraph({ ...lifecycle(options), includeData, registry: registry.address }), endpoints: {} }
  },
} satisfies Record<string, (options: VerbOptions) => VerbPlan>

export type Verb = keyof typeof verbs
export const verbNames = Object.keys(verbs) as Verb[]

function lifecycle({ services, inventory, site, hosts, scope, clock, secrets }: VerbOptions): LifecycleOptions {
  const placement = new Placement(services, inventory, site)
  return { placement, inventory, hosts, scope, clock, redact: (text) => redact(text, secrets.values()) }
}
