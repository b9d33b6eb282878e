import { defineErrors, isCode } from "../util/errors.ts"

export const transportErrors = defineErrors({
  HOST_UNREACHABLE: {
    status: 502,
    summary: "the host does not answer over SSH",
    remedy: "Is it powered on, and are its address and port right? Run the command again: it goes on where it stopped.",
  },
  HOST_KEY_CHANGED: {
    status: 409,
    summary: "the host's SSH key is not the one recorded when it was provisioned",
    remedy:
      "Either another machine answers at this address, or the host was installed anew by someone else: find out which before its key in the inventory is replaced.",
  },
  HOST_LOGIN_REFUSED: {
    status: 502,
    summary: "the host refuses the site's SSH key",
    remedy: "The public key must be in authorized_keys of the inventory's user on the host.",
  },
  HOST_COMMAND_FAILED: {
    status: 502,
    summary: "a command failed on the host",
    remedy: "Its last lines are above.",
  },
  HOST_FILE_FAILED: {
    status: 502,
    summary: "a file on the host could not be read or written",
    remedy: "Is there room on the host's disk, and may the inventory's user write there?",
  },
  HOST_ENGINE_LOST: {
    status: 502,
    summary: "the host's Docker Engine went away, or does not run",
    remedy:
      "On the host, systemctl status docker tells. Run the command again once it runs: it goes on where it stopped.",
  },
  HOST_ENGINE_REFUSED: {
    status: 502,
    summary: "the host's Docker Engine refused a request",
    remedy:
      "The engine's own words are above. Run the command again once the cause is gone: what has been done is kept.",
  },
  HOST_TIMEOUT: {
    status: 504,
    summary: "the host did not finish in time",
    remedy: "Look at the host's load; then run the command again.",
  },
})

/** Whether nobody can tell what came of a request, as the host or its engine went away. */
export const isLost = (error: unknown) =>
  isCode(error, transportErrors.HOST_UNREACHABLE, transportErrors.HOST_ENGINE_LOST)
