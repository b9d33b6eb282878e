import { BifrostError, defineErrors, messageOf } from "../util/errors.ts"

export const conductorErrors = defineErrors({
  NODE_NOT_FOUND: {
    status: 404,
    summary: "no such node",
    remedy: "Enroll it, or look for its name or uuid among the enrolled nodes.",
  },
  VERB_UNKNOWN: {
    status: 400,
    summary: "no such provision verb",
    remedy: "Use one of: active, rebuild, deleted, manage, provide, inspect, clean, adopt, abort.",
  },
  VERB_NOT_ALLOWED: {
    status: 400,
    summary: "the node's state does not allow this",
    remedy: "docs/states.md shows which verbs each state allows.",
  },
  NOT_SUPPORTED: {
    status: 400,
    summary: "this is not supported here yet",
    remedy: "docs/states.md says which verbs are carried out.",
  },
  POWER_BY_HAND: {
    status: 400,
    summary: "the node has no BMC: only a person can switch it and choose what it starts",
    remedy: "Adopt the system that runs on it (bifrost-ts provision does), or enroll it with a BMC.",
  },
  ADOPTION_INVALID: {
    status: 400,
    summary: "the node cannot be adopted as it is described",
    remedy: "Add the field to the hosts file, enroll it again, and adopt again.",
  },
  ADOPTION_REFUSED: {
    status: 502,
    summary: "the system that is to be adopted did not let the provisioner in",
    remedy:
      "Add the provisioner's key (bifrost-ts ssh-key) to root's authorized_keys there, check ip and ssh_host_key, and adopt again.",
  },
  NODE_BUSY: {
    status: 409,
    summary: "the node is busy with another operation",
    remedy: "Wait until it ends (its explanation says what it waits for), or abort it.",
  },
  NODE_IN_MAINTENANCE: {
    status: 400,
    summary: "the node is in maintenance",
    remedy: "End the maintenance first.",
  },
  DEPLOY_INVALID: {
    status: 400,
    summary: "the node cannot be deployed as it is described",
    remedy: "Correct the field and deploy again.",
  },
  DRIVER_UNKNOWN: {
    status: 400,
    summary: "no such driver",
    remedy: "Set the node's driver to ipmi.",
  },
  DRIVER_INFO_INVALID: {
    status: 400,
    summary: "the node's BMC is not fully described",
    remedy: "Set the named field of driver_info.",
  },
  IMAGE_UNKNOWN: {
    status: 400,
    summary: "no such image",
    remedy: "Build it (bifrost-ts images build os NAME), or give image_source as a URL with a checksum.",
  },
  IMAGE_UNREACHABLE: {
    status: 400,
    summary: "the image cannot be fetched",
    remedy: "Open the URL from the provisioner's machine; correct image_source.",
  },
  CHECKSUM_MISSING: {
    status: 400,
    summary: "the image has no usable checksum",
    remedy: "Set image_checksum to a sha256 or sha512, or to the URL of a SHA256SUMS file.",
  },
  IMAGE_EXCEEDS_DISK: {
    status: 400,
    summary: "the image is larger than the disk",
    remedy: "Use a smaller image or a larger disk; correct properties.local_gb if it is wrong.",
  },
  PHASE_MISSING: {
    status: 504,
    summary: "the machine got stuck on its way",
    remedy: "Watch the machine's console during the next attempt.",
  },
  AGENT_LOST: {
    status: 504,
    summary: "the agent went silent while it worked",
    remedy: "Check the machine's power and its network; its console shows whether it crashed.",
  },
  AGENT_FAILED: {
    status: 502,
    summary: "the agent failed a command",
    remedy: "The agent's message says what to change; then deploy again.",
  },
  AGENT_UNAUTHORISED: {
    status: 401,
    summary: "the agent's token or address is not the one agreed on",
    remedy: "Power-cycle the machine: each network boot gets a new token.",
  },
  LOOKUP_UNKNOWN: {
    status: 404,
    summary: "no node that waits for an agent has one of these addresses",
    remedy: "Check that the node is enrolled with its MAC addresses and is being deployed, cleaned or inspected.",
  },
  OS_NOT_UP: {
    status: 504,
    summary: "the image was written but its system did not come up",
    remedy: "Look at the machine's console; the image may lack a driver, or its first boot may fail.",
  },
  NOTHING_TO_ABORT: {
    status: 400,
    summary: "nothing waits that could be aborted",
    remedy: "Abort works while the node waits for a machine or an agent.",
  },
})

/** Failures that starting again from network boot may cure; each operation does so once. */
export const worthAnotherBoot: ReadonlySet<string> = new Set<string>([
  conductorErrors.PHASE_MISSING.code,
  conductorErrors.AGENT_LOST.code,
])

/** The value of last_error: what happened and what to do, in one line. */
export function lastErrorOf(error: unknown): string {
  if (!(error instanceof BifrostError)) return messageOf(error)
  const message = error.message.replace(/\.$/, "")
  return `${message}. ${error.remedy}`
}
