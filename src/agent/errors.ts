import { defineErrors } from "../util/errors.ts"

/** What can fail on the node. The conductor sees the code as `command_error.type`. */
export const agentErrors = defineErrors({
  LOOKUP_TIMED_OUT: {
    status: 504,
    summary: "the service did not recognise this machine in time",
    remedy: "Enroll one of the machine's MAC addresses, or start a deploy of its node; then boot the machine again.",
  },
  SERVICE_UNREACHABLE: {
    status: 502,
    summary: "the service did not answer the agent",
    remedy: "Check ipa-api-url on the kernel command line and the service's address on the provisioning network.",
  },
  NO_API_URL: {
    status: 500,
    summary: "the kernel command line has no ipa-api-url",
    remedy: "Boot the ramdisk with the script that the service serves at /boot.ipxe.",
  },
  NO_TOKEN: {
    status: 401,
    summary: "the service gave this agent no token",
    remedy: "Boot the machine again: a token is handed out once for each boot of the ramdisk, to the first that asks.",
  },
  BAD_TOKEN: { status: 401, summary: "the agent token is missing or wrong", remedy: "Send the token of the lookup." },
  BAD_REQUEST: { status: 400, summary: "the request cannot be understood", remedy: "Send {name, params} as JSON." },
  RESOURCE_UNKNOWN: {
    status: 404,
    summary: "there is no such resource",
    remedy: "Ask GET /v1/commands for what is known.",
  },
  UNKNOWN_COMMAND: {
    status: 400,
    summary: "the agent has no such command",
    remedy: "Ask get_deploy_steps or get_clean_steps for the steps; see src/agent/protocol.ts for the commands.",
  },
  UNKNOWN_STEP: {
    status: 400,
    summary: "the agent has no such step",
    remedy: "Ask get_deploy_steps, get_clean_steps or get_service_steps for the steps there are.",
  },
  BUSY: {
    status: 409,
    summary: "the agent is still at another command",
    remedy: "Wait for its end: GET /v1/commands.",
  },
  VERSION_CHANGED: {
    status: 409,
    summary: "the agent's steps are another version than the one that was planned with",
    remedy: "Ask for the steps again and start over.",
  },
  BAD_ARGUMENT: { status: 400, summary: "a step's arguments are wrong", remedy: "Correct the node's instance_info." },
  BAD_HINT: {
    status: 400,
    summary: "a root-device hint cannot be understood",
    remedy: 'Hints are values or operators such as ">= 20", "s== QEMU", "<in> virtio", "<or> a <or> b".',
  },
  NO_DISK: {
    status: 422,
    summary: "no disk fits",
    remedy: "Correct the node's root_device hints, or look at the machine's storage controller and disks.",
  },
  AMBIGUOUS_DISK: {
    status: 422,
    summary: "more than one disk fits the root-device hints",
    remedy: "Name the disk by serial or wwn in the node's root_device.",
  },
  IMAGE_UNAVAILABLE: {
    status: 502,
    summary: "the image cannot be fetched",
    remedy: "Check that the image's URL answers on the provisioning network.",
  },
  IMAGE_TOO_LARGE: {
    status: 422,
    summary: "the image is larger than the disk",
    remedy: "Choose a smaller image, or a larger disk by root-device hints.",
  },
  IMAGE_BROKEN: {
    status: 422,
    summary: "the image cannot be read",
    remedy: "Build or fetch the image again; the disk has no partition table now and does not boot.",
  },
  IMAGE_UNSUPPORTED: {
    status: 422,
    summary: "the agent cannot read this kind of image",
    remedy: "Convert it with `qemu-img convert -O raw` and compress it with zstd.",
  },
  CHECKSUM_UNSUPPORTED: {
    status: 400,
    summary: "the checksum's algorithm is not accepted",
    remedy: "Give a sha256 or sha512 of the image file.",
  },
  CHECKSUM_MISMATCH: {
    status: 422,
    summary: "the image's checksum is wrong",
    remedy: "Compare the file that is served with its source; the disk has no partition table now and does not boot.",
  },
  DISK_FAILED: {
    status: 500,
    summary: "the disk cannot be written",
    remedy: "Look at the kernel's messages (log.collect_system_logs) and replace the disk if it fails.",
  },
  NO_PARTITION_TABLE: {
    status: 422,
    summary: "the image has no partition table that a config drive can be added to",
    remedy: "Use a whole-disk image with GPT or MBR partitions.",
  },
  NO_ROOM: {
    status: 422,
    summary: "there is no room for the config drive on the disk",
    remedy: "Use an image that leaves 64 MiB at the disk's end and one free partition entry.",
  },
})
