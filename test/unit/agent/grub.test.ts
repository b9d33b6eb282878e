import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { defaultBlsEntry, defaultGrubEntry, expand, parseGrubEnvironment } from "../../../src/agent/boot/grub.ts"

/** As grub-mkconfig of Debian 13 writes it, shortened. */
const debian = `
if [ -s $prefix/grubenv ]; then
  load_env
fi
if [ "\${next_entry}" ] ; then
   set default="\${next_entry}"
   set next_entry=
else
   set default="0"
fi
menuentry 'Debian GNU/Linux' --class debian --class os $menuentry_id_option 'gnulinux-simple-1b2c' {
	load_video
	search --no-floppy --fs-uuid --set=root 1b2c
	echo	'Loading Linux 6.12.48+deb13-amd64 ...'
	linux	/boot/vmlinuz-6.12.48+deb13-amd64 root=UUID=1b2c ro console=tty0 console=ttyS0,115200 $extra
	echo	'Loading initial ramdisk ...'
	initrd	/boot/initrd.img-6.12.48+deb13-amd64
}
submenu 'Advanced options for Debian GNU/Linux' $menuentry_id_option 'gnulinux-advanced-1b2c' {
	menuentry 'Debian GNU/Linux, with Linux 6.12.48 (recovery mode)' --class debian $menuentry_id_option 'gnulinux-recovery-1b2c' {
		linux	/boot/vmlinuz-6.12.48+deb13-amd64 root=UUID=1b2c ro single
		initrd	/boot/initrd.img-6.12.48+deb13-amd64
	}
}
menuentry 'UEFI Firmware Settings' $menuentry_id_option 'uefi-firmware' {
	fwsetup
}
`

describe("defaultGrubEntry", () => {
  it("takes Debian's first entry with its command line", () => {
    expect(defaultGrubEntry(debian, new Map())).toMatchObject({
      title: "Debian GNU/Linux",
      kernel: "/boot/vmlinuz-6.12.48+deb13-amd64",
      initrds: ["/boot/initrd.img-6.12.48+deb13-amd64"],
      cmdline: "root=UUID=1b2c ro console=tty0 console=ttyS0,115200",
    })
  })
  it("follows a default by id, through submenus", () => {
    const text = debian.replace('set default="0"', 'set default="gnulinux-advanced-1b2c>gnulinux-recovery-1b2c"')
    expect(defaultGrubEntry(text, new Map())?.cmdline).toBe("root=UUID=1b2c ro single")
  })
  it("finds no entry in the stub of an EFI system partition", () => {
    const stub = "search.fs_uuid 1b2c root\nset prefix=($root)'/boot/grub'\nconfigfile $prefix/grub.cfg\n"
    expect(defaultGrubEntry(stub, new Map())).toBeUndefined()
  })
})

describe("defaultBlsEntry", () => {
  const entry = (version: string) =>
    `title Fedora (${version})\nversion ${version}\nlinux /vmlinuz-${version}\ninitrd /initramfs-${version}.img $tuned_initrd\noptions $kernelopts quiet\n`
  const files = new Map([
    ["id-6.9.1", entry("6.9.1")],
    ["id-6.10.2", entry("6.10.2")],
    ["id-0-rescue", entry("0-rescue")],
  ])
  it("takes the newest by version, with grubenv's variables", () => {
    const environment = parseGrubEnvironment("# GRUB Environment Block\nkernelopts=root=UUID=9 ro\n#####")
    expect(defaultBlsEntry(files, environment)).toEqual({
      title: "Fedora (6.10.2)",
      kernel: "/vmlinuz-6.10.2",
      initrds: ["/initramfs-6.10.2.img"],
      cmdline: "root=UUID=9 ro quiet",
    })
  })
  it("takes the one that grubenv names", () => {
    expect(defaultBlsEntry(files, new Map([["saved_entry", "id-6.9.1"]]))?.kernel).toBe("/vmlinuz-6.9.1")
    expect(defaultBlsEntry(new Map(), new Map())).toBeUndefined()
  })
})

it("expands what is set and drops what is not", () => {
  expect(
    expand(
      `a $b ${"$"}{c}x $d`,
      new Map([
        ["b", "1"],
        ["c", "2"],
      ]),
    ),
  ).toBe("a 1 2x ")
})

describe("any text", () => {
  /** Of what the files are made of, so that the parsers get beyond their first line. */
  const pieces = fc.constantFrom(
    ...["menuentry", "submenu", "set", "linux", "linuxefi", "initrd", "--id", "$menuentry_id_option", "default"],
    ...["title", "version", "options", "saved_entry", "id-1", "/vmlinuz", "root=LABEL=x", "$a", "9".repeat(30)],
    ...["{", "}", "$", "'", '"', "=", ">", "#", " ", "\t", "\n", "\n", "\r\n", "\0", "__proto__"],
  )
  const texts = fc
    .array(fc.oneof(pieces, fc.string({ maxLength: 3 })), { maxLength: 60 })
    .map((parts) => parts.join(""))
  const entriesOf = (menu: string, entry: string, block: string) => {
    const environment = parseGrubEnvironment(block)
    const files = Object.entries({ "id-1": entry, "id-2": menu })
    return [defaultGrubEntry(menu, environment), defaultBlsEntry(new Map(files), environment)]
  }

  it("gives an entry that has a kernel, or none", () => {
    fc.assert(
      fc.property(texts, texts, texts, (menu, entry, block) => {
        for (const found of entriesOf(menu, entry, block).filter((each) => each !== undefined)) {
          expect(found.kernel).toMatch(/^\S(.*\S)?$/)
          expect(found.initrds).not.toContain("")
          expect(found.cmdline).not.toContain("\n")
        }
      }),
      { numRuns: 1500 },
    )
  })
  it("does not hold the agent up, however long it is", () => {
    const parts = ["menuentry ", "'", "linux /a ", " ", "\t\n", "set a=$a", "$\u007b", '"$a', "a=", "set default=1>\n"]
    for (const text of parts.map((part) => part.repeat(50_000))) {
      expect(entriesOf(text, `linux /a\noptions ${text}`, text)).toMatchObject([
        undefined,
        { kernel: expect.stringMatching(/^\/a/) },
      ])
    }
  })
})
