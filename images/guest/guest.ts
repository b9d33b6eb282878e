/** The smallest machine that shows whether a cloud works: made of Debian's kernel, busybox and dropbear. */
export interface GuestDefinition {
  readonly name: string
  readonly suite: string
  readonly packages: readonly string[]
  /** Paths of programs taken from the packages, with the shared libraries they need. */
  readonly programs: readonly string[]
  /** Programs that busybox stands in for. */
  readonly applets: readonly string[]
  /** Kernel modules by name; what they depend on comes along. */
  readonly modules: readonly string[]
  /** Laid over the root: how it starts, and what it says. */
  readonly files: string
  readonly cmdline: string
  readonly compression: { readonly level: number }
}

export const guest: GuestDefinition = {
  name: "guest",
  suite: "trixie",
  packages: ["linux-image-amd64", "busybox-static", "dropbear-bin", "kmod"],
  programs: ["usr/bin/busybox", "usr/sbin/dropbear", "usr/bin/dropbearkey"],
  applets: [
    ["init", "sh", "ash", "mount", "umount", "modprobe", "insmod", "lsmod", "poweroff", "reboot", "halt"],
    ["ip", "udhcpc", "wget", "httpd", "nc", "ping", "ping6", "nslookup", "route", "ifconfig", "arping", "netstat"],
    ["awk", "basename", "cat", "chmod", "cp", "cut", "date", "dd", "df", "dirname", "dmesg", "echo", "env", "expr"],
    ["find", "findfs", "free", "grep", "head", "hexdump", "hostname", "id", "kill", "less", "ln", "ls", "mkdir"],
    ["mkfifo", "mke2fs", "mktemp", "mv", "nproc", "od", "pidof", "ps", "pwd", "readlink", "rm", "rmdir", "sed"],
    ["seq", "setsid", "sha256sum", "sleep", "sort", "stat", "stty", "sync", "tail", "tar", "tee", "test", "time"],
    [
      "timeout",
      "top",
      "touch",
      "tr",
      "true",
      "false",
      "uname",
      "uniq",
      "uptime",
      "usleep",
      "vi",
      "wc",
      "which",
      "xargs",
    ],
  ].flat(),
  modules: [
    ["virtio_pci", "virtio_net", "virtio_blk", "virtio_scsi", "virtio_rng", "virtio_balloon"],
    // What clouds give to images that say nothing of themselves, config drives on IDE and SATA among them.
    ["e1000", "e1000e", "8139cp", "ahci", "ata_piix", "sd_mod", "sr_mod"],
    ["isofs", "vfat", "nls_cp437", "nls_ascii", "nls_utf8", "ext4", "crc32c_generic"],
    ["button", "evdev", "i8042", "atkbd", "xhci-pci", "uhci-hcd", "usbhid", "hid-generic"],
  ].flat(),
  files: "images/guest/files",
  // The last console is the one that init talks to; what the guest says goes to both.
  cmdline: "quiet loglevel=4 console=tty0 console=ttyS0,115200n8",
  compression: { level: 19 },
}
