import type { Store } from "../store/port.ts"
import type { NodeRecord, PortRecord } from "../store/records.ts"
import { BifrostError } from "../util/errors.ts"
import { apiErrors } from "./errors.ts"

export async function theNode(store: Store, id: string): Promise<NodeRecord> {
  const node = await store.nodes.find(id)
  if (node) return node
  throw new BifrostError(apiErrors.NOT_FOUND, {
    detail: `node ${id.slice(0, 80)}`,
    expected: "the name or uuid of a node",
  })
}

export async function thePort(store: Store, uuid: string): Promise<PortRecord> {
  const port = await store.ports.find(uuid)
  if (port) return port
  throw new BifrostError(apiErrors.NOT_FOUND, { detail: `port ${uuid.slice(0, 80)}`, expected: "the uuid of a port" })
}
