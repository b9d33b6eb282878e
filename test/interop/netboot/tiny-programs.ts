/** Programs small enough to read, which say on the first serial port that they run: no operating system needed. */

/** Boot sector of a disk (loaded at 0:7C00): prints the text and halts. */
export function bootSector(text: string): Uint8Array {
  const sector = Buffer.alloc(512)
  const code = [
    ...[0xfc], // cld
    ...[0x31, 0xc0], // xor ax, ax
    ...[0x8e, 0xd8], // mov ds, ax
    ...[0xbe, 0x16, 0x7c], // mov si, text
    ...[0xba, 0xf8, 0x03], // mov dx, 3F8h
    ...[0xac], // next: lodsb
    ...[0x84, 0xc0, 0x74, 0x03], // test al, al; jz halt
    ...[0xee, 0xeb, 0xf8], // out dx, al; jmp next
    ...[0xf4, 0xeb, 0xfd], // halt: hlt; jmp halt
  ]
  sector.set(code)
  sector.write(text, code.length, "latin1")
  sector.set([0x55, 0xaa], 510)
  return sector
}

/** A kernel in bzImage form (Linux x86 boot protocol 2.04) that prints the text and its command line. */
export function tinyKernel(text: string): Uint8Array {
  const image = Buffer.alloc(2048)
  image[0x1f1] = 1 // setup sectors
  image.set([0x55, 0xaa, 0xeb, 0x3e], 0x1fe) // jump over the header to 0x240
  image.write("HdrS", 0x202, "latin1")
  image.writeUInt16LE(0x0204, 0x206)
  image[0x211] = 1 // loaded high
  image.writeUInt32LE(0x100000, 0x214)
  image.writeUInt32LE(0x37ffffff, 0x22c)
  const code = [
    ...[0xfc], // cld
    ...[0xba, 0xf8, 0x03], // mov dx, 3F8h
    ...[0xbe, 0x80, 0x02], // mov si, text
    ...[0xe8, 0x19, 0x00], // call print
    ...[0x66, 0xa1, 0x28, 0x02], // mov eax, [cmd_line_ptr]
    ...[0x8c, 0xdb], // mov bx, ds
    ...[0x66, 0x0f, 0xb7, 0xdb], // movzx ebx, bx
    ...[0x66, 0xc1, 0xe3, 0x04], // shl ebx, 4
    ...[0x66, 0x29, 0xd8], // sub eax, ebx
    ...[0x89, 0xc6], // mov si, ax
    ...[0xe8, 0x03, 0x00], // call print
    ...[0xf4, 0xeb, 0xfd], // halt: hlt; jmp halt
    ...[0xac, 0x84, 0xc0, 0x74, 0x03], // print: lodsb; test al, al; jz done
    ...[0xee, 0xeb, 0xf8], // out dx, al; jmp print
    ...[0xc3], // done: ret
  ]
  image.set(code, 0x240)
  image.write(text, 0x280, "latin1")
  return image
}

/** An EFI application for x86-64 (PE32+, one section, no relocations needed) that prints the text. */
export function tinyEfiProgram(text: string): Uint8Array {
  const fileAlignment = 0x200
  const sectionAt = 0x1000
  const image = Buffer.alloc(2 * fileAlignment)
  image.write("MZ", 0, "latin1")
  const pe = 0x40
  image.writeUInt32LE(pe, 0x3c)
  image.write("PE\0\0", pe, "latin1")
  const coff = pe + 4
  image.writeUInt16LE(0x8664, coff) // machine
  image.writeUInt16LE(1, coff + 2) // sections
  image.writeUInt16LE(0xf0, coff + 16) // size of the optional header
  image.writeUInt16LE(0x22, coff + 18) // executable, knows large addresses
  const optional = coff + 20
  image.writeUInt16LE(0x20b, optional) // PE32+
  image.writeUInt32LE(fileAlignment, optional + 4) // size of code
  image.writeUInt32LE(sectionAt, optional + 16) // entry point
  image.writeUInt32LE(sectionAt, optional + 20) // base of code
  image.writeUInt32LE(sectionAt, optional + 32) // section alignment
  image.writeUInt32LE(fileAlignment, optional + 36)
  image.writeUInt32LE(2 * sectionAt, optional + 56) // size of image
  image.writeUInt32LE(fileAlignment, optional + 60) // size of headers
  image.writeUInt16LE(10, optional + 68) // subsystem: EFI application
  image.writeUInt32LE(16, optional + 108) // data directories, all empty
  const section = optional + 0xf0
  image.write(".text", section, "latin1")
  image.writeUInt32LE(fileAlignment, section + 8) // virtual size
  image.writeUInt32LE(sectionAt, section + 12)
  image.writeUInt32LE(fileAlignment, section + 16) // size in the file
  image.writeUInt32LE(fileAlignment, section + 20) // place in the file
  image.writeUInt32LE(0x60000020, section + 36) // code, executable, readable
  const code = [
    ...[0xfc], // cld
    ...[0x48, 0x8d, 0x35, 0x0f, 0x00, 0x00, 0x00], // lea rsi, [rip + text]
    ...[0x66, 0xba, 0xf8, 0x03], // mov dx, 3F8h
    ...[0xac], // next: lodsb
    ...[0x84, 0xc0, 0x74, 0x03], // test al, al; jz halt
    ...[0xee, 0xeb, 0xf8], // out dx, al; jmp next
    ...[0xf4, 0xeb, 0xfd], // halt: hlt; jmp halt
  ]
  image.set(code, fileAlignment)
  image.write(text, fileAlignment + code.length, "latin1")
  return image
}
