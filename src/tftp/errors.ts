import { defineErrors } from "../util/errors.ts"

export const tftpErrors = defineErrors({
  TFTP_MALFORMED: {
    status: 400,
    summary: "a TFTP packet cannot be read",
    remedy: "Capture the client's traffic; the packet is dropped.",
  },
  TFTP_PORT_TAKEN: {
    status: 500,
    summary: "another program holds the TFTP port",
    remedy: "Find it with `ss -lunp 'sport = :69'` and stop it.",
  },
  TFTP_NOT_PERMITTED: {
    status: 500,
    summary: "this process may not open the TFTP port",
    remedy: "Run the service with the capability NET_BIND_SERVICE.",
  },
  TFTP_ADDRESS_ABSENT: {
    status: 500,
    summary: "the address to serve TFTP on is not on this machine",
    remedy: "Give the provisioning interface the address, or name the one that it has.",
  },
})
