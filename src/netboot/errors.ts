import { defineErrors } from "../util/errors.ts"

export const netbootErrors = defineErrors({
  NETBOOT_INTERFACE_ABSENT: {
    status: 500,
    summary: "the provisioning interface is not there",
    remedy: "Name one of the interfaces that `ip -br link` shows, or plug the network in.",
  },
  NETBOOT_INTERFACE_DOWN: {
    status: 500,
    summary: "the provisioning interface has no link",
    remedy: "Plug its cable in and set it up: ip link set NAME up",
  },
  NETBOOT_ADDRESS_ABSENT: {
    status: 500,
    summary: "the provisioning interface does not carry the service's address",
    remedy: "Add the address to the interface, or name the address that it has.",
  },
  NETBOOT_RANGE_INVALID: {
    status: 400,
    summary: "the address range for unknown machines is not usable",
    remedy: "Name two addresses of the provisioning network, the lower one first.",
  },
  NETBOOT_QUERY_INVALID: {
    status: 400,
    summary: "the boot script was asked for without a valid MAC",
    remedy: "Ask for /boot.ipxe?mac=52-54-00-12-34-56, as the DHCP server tells machines to.",
  },
  NETBOOT_FILE_ABSENT: {
    status: 404,
    summary: "there is no such file",
    remedy: "Build it: `bifrost-ts images build ramdisk` for boot files, `bifrost-ts images list` shows the images.",
  },
})
