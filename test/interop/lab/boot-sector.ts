import { closeSync, openSync, writeSync } from "node:fs"

/**
 * A disk's first sector that stands in for an operating system: says "DISK" on COM1, then waits. It answers an NMI with "N"
 * on COM1, and the power button (ACPI PM1, ports 600h…604h on q35) by powering off.
 */
export function writeTestSystem(disk: string): void {
  const sector = new Uint8Array(512)
  sector.set([
    ...[0x31, 0xc0, 0x8e, 0xd8], //                         xor ax, ax; mov ds, ax
    ...[0xc7, 0x06, 0x08, 0x00, 0x34, 0x7c], //             mov word [8], nmi       ; vector 2
    ...[0xa3, 0x0a, 0x00, 0xbe, 0x3f, 0x7c], //             mov [10], ax; mov si, text
    ...[0xac, 0x84, 0xc0, 0x74, 0x06], //             next: lodsb; test al, al; jz armed
    ...[0xba, 0xf8, 0x03, 0xee, 0xeb, 0xf5], //             mov dx, 3f8h; out dx, al; jmp next
    ...[0xba, 0x02, 0x06, 0xb8, 0x00, 0x01, 0xef], // armed: mov dx, 602h; mov ax, 100h; out dx, ax
    ...[0xba, 0x00, 0x06, 0xed, 0xf6, 0xc4, 0x01], // wait: mov dx, 600h; in ax, dx; test ah, 1
    ...[0x74, 0xf7, 0xba, 0x04, 0x06, 0xb8, 0x00, 0x20], // jz wait; mov dx, 604h; mov ax, 2000h
    ...[0xef, 0xeb, 0xee], //                               out dx, ax; jmp wait
    ...[0x50, 0x52, 0xba, 0xf8, 0x03, 0xb0, 0x4e, 0xee, 0x5a, 0x58, 0xcf], // nmi: "N" to 3f8h; iret
    ...Buffer.from("DISK\r\n\0"), //                  text:
  ])
  sector.set([0x55, 0xaa], 510)
  const file = openSync(disk, "r+")
  writeSync(file, sector, 0, sector.length, 0)
  closeSync(file)
}
