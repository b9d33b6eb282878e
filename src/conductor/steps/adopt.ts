import type { NodeRecord } from "../../store/records.ts"
import { BifrostError } from "../../util/errors.ts"
import { conductorErrors } from "../errors.ts"
import { siteKeyPair } from "../node-secrets.ts"
import { nameOf, textOf } from "../operation.ts"
import type { Step } from "../step.ts"

/** Where the system to adopt answers, and the key that it must show. Throws ADOPTION_INVALID when the record does not say. */
export function adoptionOf(node: NodeRecord): { host: string; hostKey: string } {
  const host = textOf(node.extra["ipv4_address"])
  // One that was deployed from here, and moved to another record's care, has a key that we made.
  const hostKey = textOf(node.extra["ssh_host_key"]) ?? textOf(node.driver_internal_info["ssh_host_key"])
  if (host && hostKey) return { host, hostKey }
  throw new BifrostError(conductorErrors.ADOPTION_INVALID, {
    node: nameOf(node),
    detail: host ? "its SSH host key is not known" : "its address is not known",
    expected: host
      ? "ssh_host_key: the line of /etc/ssh/ssh_host_ed25519_key.pub there"
      : "ip: the address of the system that runs there",
  })
}

/** Active means that we logged in, whoever installed the system: under the host key that the user vouched for. */
export const adoptSystem: Step = {
  name: "log in",
  where: "work",
  async run({ tools, node, signal, amend }) {
    const { host, hostKey } = adoptionOf(node)
    const { private: privateKey } = await siteKeyPair(tools.store)
    const verdict = await tools.probe.check({ host, hostKey, privateKey, firstBoot: false }, signal)
    signal.throwIfAborted()
    if (!verdict.up) {
      throw new BifrostError(conductorErrors.ADOPTION_REFUSED, { node: nameOf(node), detail: verdict.reason })
    }
    await amend((now) => ({
      power_state: "power on",
      driver_internal_info: { ...now.driver_internal_info, ssh_host_key: hostKey, ssh_address: host },
    }))
    return { address: host }
  },
}
