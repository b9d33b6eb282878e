import type { NodeRecord } from "../store/records.ts"
import type { Secret } from "../util/secret.ts"
import type { SshKeyPair } from "./node-secrets.ts"
import type { ConfigDriveAdditions } from "./port.ts"

/** All that the config drive of one deploy says. */
export interface ConfigDriveRequest {
  readonly node: NodeRecord
  /** Lower-case MACs of the node's ports, the one that boots from the network first. */
  readonly macs: readonly string[]
  /** Who may log in, as lines of authorized_keys. */
  readonly publicKeys: readonly string[]
  readonly hostKey: SshKeyPair
  readonly firstBoot: { readonly url: string; readonly token: Secret }
  readonly additions: ConfigDriveAdditions
}
