import type { RunTimeline, TimelineStep } from "./run-timeline.ts"

const colours: Record<TimelineStep["status"], string> = {
  changed: "#9ec5f5",
  planned: "#9ec5f5",
  running: "#d6e6fb",
  unchanged: "#eeeeee",
  skipped: "#ffffff",
  failed: "#f2a0a0",
}

/** The graph of a run's steps in Graphviz' language: a box a host, the critical path in red. */
export function runDot({ steps, criticalPath }: RunTimeline): string {
  const quote = (text: string) => JSON.stringify(text)
  const hosts = Map.groupBy(steps, ({ id }) => id.split("/")[0] ?? id)
  const clusters = [...hosts].map(([host, own]) => {
    const nodes = own.map(({ id, status, from, to, critical }) => {
      const label = `${id.slice(host.length + 1)}\n${(to - from).toFixed(1)} s`
      const edge = critical ? ", color=red, penwidth=2" : ""
      return `    ${quote(id)} [label=${quote(label)}, fillcolor="${colours[status]}"${edge}]`
    })
    return [`  subgraph ${quote(`cluster_${host}`)} {`, `    label=${quote(host)}`, ...nodes, "  }"]
  })
  const known = new Set(steps.map(({ id }) => id))
  const critical = new Set(criticalPath.slice(1).map((id, index) => `${criticalPath[index]} ${id}`))
  const edges = steps.flatMap(({ id, after }) =>
    after
      .filter((other) => known.has(other))
      .map(
        (other) =>
          `  ${quote(other)} -> ${quote(id)}${critical.has(`${other} ${id}`) ? " [color=red, penwidth=2]" : ""}`,
      ),
  )
  const style = '  node [shape=box, style="filled,rounded", fontname="sans-serif", fontsize=10]'
  return ["digraph {", "  rankdir=LR", style, ...clusters.flat(), ...edges, "}", ""].join("\n")
}
