import { defineErrors } from "../util/errors.ts"

export const ipmiErrors = defineErrors({
  IPMI_MALFORMED: {
    status: 502,
    summary: "bytes that are not valid IPMI",
    remedy: "Update the BMC's firmware; when it persists, keep a capture of UDP port 623 and report it.",
  },
  BMC_SILENT: {
    status: 504,
    summary: "the BMC does not answer",
    remedy: "Check the BMC's address, port, cabling and VLAN, and that IPMI over LAN is enabled on it.",
  },
  BMC_USER_UNKNOWN: {
    status: 502,
    summary: "the BMC does not know the user, or not with this privilege",
    remedy: "Check the BMC user name, that it is enabled for the LAN channel, and its privilege limit.",
  },
  BMC_WRONG_PASSWORD: {
    status: 502,
    summary: "the BMC refused the password",
    remedy: "Correct the BMC password of this node and enrol it again.",
  },
  BMC_NO_CIPHER: {
    status: 502,
    summary: "the BMC offers none of the cipher suites 17 and 3",
    remedy: "Enable cipher suite 17 (or 3) on the BMC for the privilege that the user has.",
  },
  BMC_FULL: {
    status: 503,
    summary: "the BMC has no free session",
    remedy: "Close other IPMI sessions to this BMC, or wait until it times them out (a minute on most).",
  },
  BMC_PRIVILEGE: {
    status: 502,
    summary: "the BMC user's privilege does not suffice",
    remedy: "Give the user the privilege Operator (power, boot device) or Administrator on the LAN channel.",
  },
  BMC_REFUSED: {
    status: 502,
    summary: "the BMC refused a command",
    remedy: "The completion code says why; look it up in the BMC vendor's manual when it is one of theirs.",
  },
  BMC_BUSY: {
    status: 503,
    summary: "the BMC stays busy",
    remedy: "Wait for its other work (a firmware update, a reset) to end; reset the BMC when it never does.",
  },
  BMC_SESSION_LOST: {
    status: 502,
    summary: "the BMC dropped the session again, right after it was re-opened",
    remedy: "Look for another client that resets the BMC or uses up its sessions.",
  },
  BMC_NOT_APPLIED: {
    status: 502,
    summary: "the BMC accepted a change that does not show when it is read back",
    remedy: "Repeat the operation; when it fails again, cold-reset the BMC and update its firmware.",
  },
  BMC_SOL: {
    status: 502,
    summary: "the serial console over LAN did not start or broke",
    remedy: "Enable serial over LAN on the BMC, and close other consoles to this machine.",
  },
  BMC_CLIENT_CLOSED: {
    status: 500,
    summary: "the connection to the BMC was closed by this program",
    remedy: "Use a new client.",
  },
})
