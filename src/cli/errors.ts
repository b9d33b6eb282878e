import { defineErrors } from "../util/errors.ts"

export const cliErrors = defineErrors({
  SERVICE_DOWN: {
    status: 503,
    summary: "the provisioner does not answer",
    remedy: "Start it: bifrost-ts up. If it runs under another state directory, set BIFROST_STATE to that.",
  },
  SERVICE_CLOSED: {
    status: 403,
    summary: "this user may not call the provisioner",
    remedy: "Run the command as the user who runs the provisioner (root, as a rule).",
  },
  SERVICE_LOST: {
    status: 503,
    summary: "the provisioner ended the conversation",
    remedy: "See bifrost-ts logs; what was begun goes on when it is up again.",
  },
  FILE_UNREADABLE: { status: 400, summary: "a file cannot be read", remedy: "Check its name and its permissions." },
  FILE_EXISTS: {
    status: 409,
    summary: "the file is there already, and is left as it is",
    remedy: "Edit it, name another one, or move it away first.",
  },
  SECRET_NOT_SHOWN: {
    status: 400,
    summary: "the secret was not shown, as that was not confirmed",
    remedy: "Answer y on a terminal, or give --reveal.",
  },
  SITE_FILE_INVALID: {
    status: 400,
    summary: "the site file has errors",
    remedy: "See them with: bifrost-ts validate",
  },
  RUN_FAILED: {
    status: 500,
    summary: "the run did not succeed",
    remedy: "Correct what it names and run it again: what is done stays done.",
  },
  FILE_UNWRITABLE: {
    status: 400,
    summary: "a file cannot be written",
    remedy: "Is its directory there, and may this user write to it?",
  },
  NO_TIMELINE: {
    status: 404,
    summary: "no step of a deployment is known of this run",
    remedy: "Runs of deploy and plan have steps, for as long as their events are kept; see bifrost-ts run list.",
  },
  NOT_CONFIRMED: {
    status: 400,
    summary: "nothing was destroyed, as that was not confirmed",
    remedy: "Type the region's name when asked, or give --yes-i-really-really-mean-it.",
  },
  NO_RUN: { status: 404, summary: "there is no such run", remedy: "bifrost-ts run list shows the runs." },
})

/** What the shell gets; `bifrost-ts --help` says the same. */
export const exitCodes = {
  done: 0,
  failed: 1,
  /** The provisioner does not answer. */
  down: 3,
  /** Ctrl-C while watching: the run itself goes on. */
  detached: 130,
} as const
