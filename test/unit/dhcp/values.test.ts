import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { code } from "../../../src/dhcp/options.ts"
import { ipxeWithoutProxy, pxeClientOf, pxeUseThisBootFile, userClassesOf } from "../../../src/dhcp/values.ts"
import { bytesOf } from "./helpers.ts"

const uuid = Uint8Array.from(Buffer.from("0034567812345678123456781234567812", "hex"))

describe("what a client says about itself", () => {
  test("UEFI firmware", () => {
    const options = new Map([
      [code.vendorClass, bytesOf("PXEClient:Arch:00007:UNDI:003016")],
      [code.clientArchitecture, Uint8Array.of(0, 7)],
      [code.clientUuid, uuid],
    ])
    expect(pxeClientOf(options)).toEqual({
      arch: 7,
      uuid: "34567812-3456-7812-3456-781234567812",
      vendorClass: "PXEClient:Arch:00007:UNDI:003016",
      userClasses: [],
      ipxe: undefined,
    })
  })

  test("iPXE, whose user class is raw and whose option 175 lists features", () => {
    const options = new Map([
      [code.userClass, bytesOf("iPXE")],
      [code.ipxe, Uint8Array.from([0xb1, 5, 1, 0x1a, 0xf4, 0x10, 0, 0x13, 1, 1, 0xeb, 3, 1, 0, 0])],
    ])
    expect(pxeClientOf(options)).toMatchObject({ userClasses: ["iPXE"], ipxe: { http: true, version: "1.0.0" } })
  })

  test("an iPXE that was built without HTTP", () => {
    const options = new Map([[code.ipxe, Uint8Array.from([0x14, 1, 1, 255])]])
    expect(pxeClientOf(options).ipxe).toEqual({ http: false, version: undefined })
  })

  test("boards without a UUID", () => {
    for (const byte of [0, 255]) {
      const value = new Uint8Array(17).fill(byte, 1)
      expect(pxeClientOf(new Map([[code.clientUuid, value]])).uuid).toBeUndefined()
    }
  })

  test.each([
    ["RFC 3004 list", Uint8Array.from([4, ...bytesOf("iPXE"), 2, ...bytesOf("ab")]), ["iPXE", "ab"]],
    ["raw", bytesOf("iPXE"), ["iPXE"]],
    ["empty", new Uint8Array(), []],
    ["zero length inside", Uint8Array.of(0), ["\0"]],
  ])("user class: %s", (_name, value, expected) => {
    expect(userClassesOf(value)).toEqual(expected)
  })

  test("what the server says", () => {
    expect([...ipxeWithoutProxy()]).toEqual([0xb0, 1, 1])
    expect([...pxeUseThisBootFile()]).toEqual([6, 1, 8, 255])
  })

  test("no option value makes it throw", () => {
    const codes = fc.constantFrom(60, 77, 93, 94, 97, 175)
    const maps = fc.array(fc.tuple(codes, fc.uint8Array({ maxLength: 40 }))).map((pairs) => new Map(pairs))
    fc.assert(fc.property(maps, (options) => Array.isArray(pxeClientOf(options).userClasses)))
  })
})
