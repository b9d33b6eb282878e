/**
 * The iPXE scripts that machines are given (https://ipxe.org/scripting). Whole files, so that a reader sees what runs;
 * which machine gets which is the boot policy's business.
 */

export interface RamdiskBoot {
  /** What the console says is booting. */
  readonly title: string
  /** "http://172.22.0.1:8080" */
  readonly baseUrl: string
  /** Where this script came from: asked again when a fetch fails, because the answer may have changed meanwhile. */
  readonly self: string
  readonly parameters: readonly string[]
}

/** `initrd=` names the ramdisk for UEFI kernels, which take it from iPXE by file name; BIOS kernels ignore it. */
export const ramdiskScript = ({ title, baseUrl, self, parameters }: RamdiskBoot) => `#!ipxe
echo bifrost: ${title}
imgfree
kernel ${baseUrl}/boot/vmlinuz initrd=ramdisk.img ${parameters.join(" ")} || goto again
initrd ${baseUrl}/boot/ramdisk.img || goto again
boot || goto again
:again
echo bifrost: that did not work, next try in 5 seconds
sleep 5
chain --replace ${self} || goto again
`

/**
 * BIOS: sanboot starts the first disk's boot sector; where the disk has none, `exit` lets the firmware go on in its own
 * boot order.
 */
export const biosDiskScript = (title: string) => `#!ipxe
echo bifrost: ${title}
sanboot --no-describe --drive 0x80 ||
exit 1
`

/**
 * UEFI has no drive numbers: iPXE gives way to the next entry of the boot order. It must exit with an error, because
 * after a success the boot manager stops and shows its menu (UEFI 2.10 §3.1.1).
 */
export const uefiDiskScript = (title: string) => `#!ipxe
echo bifrost: ${title}
exit 1
`

/** Newer iPXE looks for autoexec.ipxe where it was loaded from, before it does anything else. */
export const autoexecScript = (baseUrl: string) => `#!ipxe
ifconf || ifconf || shell
chain --replace ${baseUrl}/boot.ipxe?mac=\${netX/mac:hexhyp}&firmware=\${platform}&arch=\${buildarch}
`
