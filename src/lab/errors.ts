import { defineErrors } from "../util/errors.ts"

export const labErrors = defineErrors({
  LAB_NOT_ROOT: {
    status: 403,
    summary: "a lab needs root, for its network namespace and taps",
    remedy: "Run it as root: sudo bifrost-ts lab …",
  },
  LAB_PROGRAMS_MISSING: {
    status: 500,
    summary: "programs or firmware that a lab needs are not installed",
    remedy: "Run scripts/setup, which installs the Debian packages that the project needs.",
  },
  LAB_BAD_OPTION: {
    status: 400,
    summary: "an option of the lab has a value that cannot be used",
    remedy: "bifrost-ts lab up --help shows each option with its form.",
  },
  LAB_DIFFERS: {
    status: 409,
    summary: "the lab is there already, with other machines",
    remedy: "Take it down first (bifrost-ts lab down), or give another one a name with --name.",
  },
  LAB_TAKEN: {
    status: 409,
    summary: "a lab of this name belongs to another state directory",
    remedy: "Use that directory (BIFROST_STATE), or give this lab another name with --name.",
  },
  LAB_BUSY: {
    status: 409,
    summary: "another command is changing this lab",
    remedy: "Wait until it ends, then run this one again.",
  },
  LAB_ABSENT: {
    status: 404,
    summary: "there is no such lab",
    remedy: "bifrost-ts lab up makes it.",
  },
  LAB_NO_SUCH_NODE: {
    status: 404,
    summary: "the lab has no such machine",
    remedy: "bifrost-ts lab status lists its machines.",
  },
  LAB_DAEMON_SILENT: {
    status: 500,
    summary: "the lab's BMC daemon did not start",
    remedy: "Its log, named above, says why. bifrost-ts lab up starts it again.",
  },
  LAB_ENGINE_ABSENT: {
    status: 503,
    summary: "hosts of a lab are containers, and no Docker Engine answers",
    remedy: "Start it (systemctl start docker), or make a lab of machines only: bifrost-ts lab up --nodes 1.",
  },
  LAB_HOST_FAILED: {
    status: 500,
    summary: "a container of the lab did not come up",
    remedy: "Its last lines are above; docker logs shows all of them. bifrost-ts lab up tries again.",
  },
  LAB_MACHINE_FAILED: {
    status: 500,
    summary: "QEMU did not start",
    remedy: "The machine's qemu.log, in the lab's directory, says why.",
  },
  LAB_QMP: {
    status: 502,
    summary: "QEMU did not do what it was asked over QMP",
    remedy: "bifrost-ts lab up adopts the machine again; if that does not help, power it off and on.",
  },
})
