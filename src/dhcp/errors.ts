import { defineErrors } from "../util/errors.ts"

export const dhcpErrors = defineErrors({
  DHCP_MALFORMED: {
    status: 400,
    summary: "a DHCP message cannot be read",
    remedy: "Capture the client's traffic; the message is dropped and the client will ask again.",
  },
  DHCP_RANGE_INVALID: {
    status: 400,
    summary: "the address range for unknown machines is not usable",
    remedy: "Name two addresses inside the provisioning network, the lower one first, that exclude the service's own.",
  },
  DHCP_PORT_TAKEN: {
    status: 500,
    summary: "another program holds the DHCP port",
    remedy: "Find it with `ss -lunp 'sport = :67'` and stop it: a network has one DHCP server.",
  },
  DHCP_ADDRESS_ABSENT: {
    status: 500,
    summary: "the address to serve DHCP from is not on this machine",
    remedy: "Give the provisioning interface the address, or name the one that it has.",
  },
  DHCP_NOT_PERMITTED: {
    status: 500,
    summary: "this process may not open the DHCP port",
    remedy: "Run the service with the capability NET_BIND_SERVICE.",
  },
})
