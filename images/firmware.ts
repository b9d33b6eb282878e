/** Firmware that cards and processors of servers are given by the system: without it some of them work badly or not at all. */
export const firmware = {
  /** Not free software, and Debian says so: an image has it when the user chose that image. */
  components: ["main", "non-free-firmware"],
  /** For network cards and disk controllers. firmware-netronome is left out: 144 MB for one maker's cards. */
  devices: [
    ["firmware-linux-free", "firmware-misc-nonfree", "firmware-intel-misc"],
    ["firmware-bnx2", "firmware-bnx2x", "firmware-qlogic", "firmware-cavium", "firmware-myricom", "firmware-netxen"],
    ["firmware-realtek"],
  ].flat(),
  processors: ["intel-microcode", "amd64-microcode"],
} as const
