import { defineErrors } from "../util/errors.ts"

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
  HOST_TIMEOUT: {
    status: 504,
    summary: "the host did not finish in time",
    remedy: "Look at the host's load; then run the command again.",
  },
})
