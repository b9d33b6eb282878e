import { firmware } from "../firmware.ts"

/** What the deploy ramdisk is made of. Its scripts are in pxe/ramdisk, its program is src/agent. */
export interface RamdiskDefinition {
  readonly name: string
  readonly suite: string
  /** Of Debian's archive; `main` alone when not given. */
  readonly components?: readonly string[]
  readonly packages: readonly string[]
  /** Paths of programs taken from the packages, with the shared libraries they need. */
  readonly programs: readonly string[]
  /** Programs that busybox stands in for. */
  readonly applets: readonly string[]
  /** Kernel modules by name; what they depend on comes along. */
  readonly modules: readonly string[]
  /** Boot loaders that TFTP serves: name there → path in the packages. */
  readonly loaders: Readonly<Record<string, string>>
  readonly compression: { readonly level: number }
}

const nics = [
  ["virtio_net", "vmxnet3", "hv_netvsc", "xen-netfront", "ena", "gve"],
  ["e1000", "e1000e", "igb", "igbvf", "igc", "ixgbe", "ixgbevf", "i40e", "iavf", "ice"],
  ["mlx4_en", "mlx5_core"],
  ["bnxt_en", "bnx2", "bnx2x", "tg3"],
  ["r8169", "8139cp", "8139too", "realtek"],
  ["atlantic", "be2net", "cxgb4", "enic", "ionic", "nfp", "qede", "sfc", "forcedeth", "sky2", "alx", "atl1c"],
  ["8021q", "bonding"],
].flat()

const disks = [
  ["virtio_blk", "virtio_scsi", "virtio_pci", "hv_storvsc", "xen-blkfront"],
  ["nvme", "ahci", "ata_piix", "ata_generic", "sd_mod", "sr_mod", "ses"],
  [
    "megaraid_sas",
    "mpt3sas",
    "mpi3mr",
    "aacraid",
    "smartpqi",
    "hpsa",
    "vmw_pvscsi",
    "mptspi",
    "isci",
    "3w-9xxx",
    "arcmsr",
  ],
  ["usb-storage", "uas", "xhci-pci", "ehci-pci", "uhci-hcd", "ohci-pci", "sdhci-pci", "mmc_block", "vmd"],
].flat()

const filesystems = [
  "vfat",
  "nls_cp437",
  "nls_ascii",
  "nls_iso8859-1",
  "nls_utf8",
  "isofs",
  "ext4",
  "xfs",
  "btrfs",
  "loop",
]

const rest = [
  ["ipmi_si", "ipmi_devintf", "ipmi_ssif"],
  ["hid-generic", "usbhid", "i8042", "atkbd"],
  ["virtio_rng", "virtio_console", "virtio_balloon", "i6300esb", "iTCO_wdt"],
  ["crc32c-intel", "crc32c_generic", "efivarfs", "md-mod", "raid1", "dm-mod"],
].flat()

export const deploy: RamdiskDefinition = {
  name: "deploy",
  suite: "trixie",
  packages: [
    ["linux-image-amd64", "busybox-static", "ipxe"],
    ["kmod", "util-linux", "fdisk", "gdisk", "e2fsprogs", "dosfstools", "kexec-tools"],
    ["libstdc++6"],
  ].flat(),
  programs: [
    ["usr/bin/busybox"],
    ["usr/bin/lsblk", "usr/sbin/blkid", "usr/sbin/blkdiscard", "usr/sbin/blockdev", "usr/sbin/wipefs", "usr/bin/partx"],
    ["usr/sbin/sfdisk", "usr/sbin/sgdisk", "usr/bin/lscpu"],
    ["usr/sbin/e2fsck", "usr/sbin/resize2fs", "usr/sbin/kexec"],
  ].flat(),
  applets: [
    [
      "sh",
      "ash",
      "awk",
      "basename",
      "cat",
      "chmod",
      "chown",
      "chroot",
      "cp",
      "cut",
      "date",
      "dd",
      "df",
      "dirname",
      "dmesg",
    ],
    [
      "du",
      "echo",
      "env",
      "expr",
      "false",
      "find",
      "free",
      "grep",
      "gunzip",
      "gzip",
      "halt",
      "head",
      "hexdump",
      "hostname",
    ],
    ["id", "ifconfig", "insmod", "ip", "kill", "less", "ln", "losetup", "ls", "lsmod", "lsscsi", "md5sum", "mkdir"],
    ["mkfifo", "mknod", "mktemp", "modinfo", "modprobe", "more", "mount", "mv", "nc", "netstat", "nslookup", "od"],
    ["partprobe", "ping", "ping6", "pidof", "poweroff", "ps", "pwd", "readlink", "realpath", "reboot", "rm", "rmdir"],
    ["rmmod", "route", "sed", "seq", "setsid", "sha256sum", "sleep", "sort", "stat", "stty", "switch_root", "sync"],
    ["sysctl", "tail", "tar", "tee", "telnet", "test", "timeout", "top", "touch", "tr", "traceroute", "true", "tty"],
    [
      "udhcpc",
      "umount",
      "uname",
      "uniq",
      "unxz",
      "uptime",
      "usleep",
      "vi",
      "watch",
      "wc",
      "wget",
      "which",
      "xargs",
      "xxd",
    ],
  ].flat(),
  modules: [...nics, ...disks, ...filesystems, ...rest],
  loaders: {
    "undionly.kpxe": "usr/lib/ipxe/undionly.kpxe",
    "snponly.efi": "usr/lib/ipxe/snponly.efi",
  },
  compression: { level: 12 },
}

/** The same with the firmware that its modules ask for: some makers' network cards do not work without. */
export const deployFirmware: RamdiskDefinition = {
  ...deploy,
  name: "deploy-firmware",
  components: firmware.components,
  packages: [...deploy.packages, ...firmware.devices],
}
