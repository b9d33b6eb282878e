import { blankNode, blankPort } from "../../../src/store/blank.ts"
import type { NodeRecord, PortRecord } from "../../../src/store/records.ts"

const made = Date.parse("2026-01-01T00:00:00Z")

/** A node as enrolment would make it, with what a test cares about on top. */
export const aNode = (fields: Partial<NodeRecord> = {}): NodeRecord => ({ ...blankNode(made), ...fields })

export const aPort = (node_uuid: string, address: string, fields: Partial<PortRecord> = {}): PortRecord => ({
  ...blankPort(made),
  node_uuid,
  address,
  ...fields,
})
