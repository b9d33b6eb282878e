import { firmware } from "../../firmware.ts"
import type { OsDefinition } from "../definition.ts"

/** Debian 13 as a host for containers: SSH, Docker Engine, Python 3. Docs and drivers that no server has are left out. */
export const debian13: OsDefinition = {
  name: "debian-13",
  suite: "trixie",
  packages: [
    ["systemd-sysv", "udev", "dbus", "linux-image-amd64", "initramfs-tools", "busybox-static", "zstd", "kmod"],
    ["openssh-server", "ca-certificates", "iproute2", "iputils-ping", "systemd-resolved", "systemd-timesyncd"],
    // The engine unpacks layers with pigz where it is there: twice as fast as by itself.
    ["docker.io", "docker-cli", "pigz", "iptables", "apparmor", "python3"],
    ["e2fsprogs", "fdisk", "procps", "less", "debian-archive-keyring"],
  ].flat(),
  exclude: [
    "/usr/share/man/*",
    "/usr/share/info/*",
    "/usr/share/locale/*",
    "/usr/share/doc/*",
    "/usr/share/lintian/*",
    "/usr/share/bug/*",
    // Docker needs neither containerd's own client nor its shims for runtimes before version 2.
    "/usr/bin/ctr",
    "/usr/bin/containerd-shim",
    "/usr/bin/containerd-shim-runc-v1",
    "/usr/lib/modules/*/kernel/sound/*",
    "/usr/lib/modules/*/kernel/drivers/media/*",
    "/usr/lib/modules/*/kernel/drivers/net/wireless/*",
    "/usr/lib/modules/*/kernel/drivers/gpu/drm/amd/*",
    "/usr/lib/modules/*/kernel/drivers/gpu/drm/i915/*",
    "/usr/lib/modules/*/kernel/drivers/gpu/drm/nouveau/*",
    "/usr/lib/modules/*/kernel/drivers/gpu/drm/radeon/*",
    "/usr/lib/modules/*/kernel/drivers/gpu/drm/xe/*",
  ],
  include: ["/usr/share/doc/*/copyright"],
  files: "images/os/debian-13/files",
  units: {
    enable: [
      "bifrost-config.service",
      "bifrost-first-boot.service",
      "systemd-networkd.service",
      "systemd-resolved.service",
    ],
    // Loading every AppArmor profile costs 19 s of a slow boot. Docker loads its own, which is the one that matters here.
    disable: [
      "apparmor.service",
      "systemd-networkd-wait-online.service",
      "systemd-network-generator.service",
      "e2scrub_reap.service",
      "e2scrub_all.timer",
    ],
    mask: [
      ...["apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "systemd-pstore.service"],
      ...["sshd-keygen.service", "systemd-binfmt.service", "proc-sys-fs-binfmt_misc.automount"],
      ...["systemd-udev-load-credentials.service", "systemd-networkd-persistent-storage.service"],
    ],
    late: [
      ...["containerd.service", "docker.service", "systemd-logind.service", "getty@.service", "serial-getty@.service"],
      ...["systemd-resolved.service", "systemd-timesyncd.service"],
    ],
    // For SSH over vsock, TPMs, hibernation, partitions that fstab does not name, offline updates, one-shot commands.
    noGenerators: ["ssh", "tpm2", "hibernate-resume", "gpt-auto", "system-update", "run"],
  },
  cmdline: "rw quiet loglevel=4 systemd.show_status=0 console=tty0 console=ttyS0,115200n8",
  slack: 128e6,
  compression: 12,
}

/** The same with firmware and microcode, for real servers. */
export const debian13Firmware: OsDefinition = {
  ...debian13,
  name: "debian-13-firmware",
  components: firmware.components,
  packages: [...debian13.packages, ...firmware.devices, ...firmware.processors],
}
