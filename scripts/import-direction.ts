import { globSync, readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"

/** Room → rooms that it may import from (itself always). The order is inward-most first; docs/architecture.md says why. */
export const mayImport: Record<string, readonly string[]> = {
  util: [],
  states: [],
  ipmi: ["util"],
  redfish: ["util"],
  dhcp: ["util"],
  tftp: ["util"],
  graph: ["util"],
  keystone: ["util", "graph"],
  transport: ["util"],
  agent: ["util"],
  configdrive: ["util"],
  store: ["util", "states"],
  enroll: ["util", "states", "store"],
  conductor: ["util", "states", "store", "ipmi", "redfish", "agent", "configdrive", "transport"],
  netboot: ["util", "states", "store", "dhcp", "tftp"],
  build: ["util", "graph"],
  deploy: ["util", "graph", "keystone", "transport", "store"],
  api: ["util", "states", "store", "enroll", "conductor", "deploy", "agent"],
  lab: ["util", "ipmi", "transport"],
  service: ["util", "states", "store", "enroll", "conductor", "netboot", "deploy", "transport", "api", "agent"],
  provisioner: ["util"],
  cli: [
    "util",
    "states",
    "store",
    "enroll",
    "lab",
    "provisioner",
    "build",
    "service",
    "api",
    "deploy",
    "agent",
    "graph",
  ],
}

const importPattern = /(?:from|import)\s*\(?\s*"(\.[^"]+)"/g

/** One line for each import that points outward. */
export function importDirectionFaults(root: string): string[] {
  const faults: string[] = []
  for (const file of globSync("**/*.ts", { cwd: root })) {
    const room = file.split("/")[0] ?? ""
    const allowed = mayImport[room]
    if (!allowed) {
      faults.push(`${root}/${file}: the room "${room}" is not in scripts/import-direction.ts`)
      continue
    }
    for (const [, target] of readFileSync(join(root, file), "utf8").matchAll(importPattern)) {
      const other = relative(root, join(root, dirname(file), target ?? "")).split("/")[0] ?? ""
      // Definitions at the top level (images, services, pxe) are data that the outer rooms load.
      if (other === room || other === ".." || allowed.includes(other)) continue
      faults.push(`${root}/${file}: "${room}" may not import from "${other}"`)
    }
  }
  return faults
}
