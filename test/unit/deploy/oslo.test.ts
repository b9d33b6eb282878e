import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { mergeOslo, parseOslo, renderOslo } from "../../../src/deploy/oslo.ts"

describe("oslo.config files", () => {
  it("keep the order, repeat a key for each of a list's values, and leave out what is undefined", () => {
    const config = {
      DEFAULT: { debug: false, hook: ["a", "b"], none: undefined },
      empty: {},
      cache: { servers: "x;y%z" },
    }
    expect(renderOslo(config)).toBe("[DEFAULT]\ndebug = false\nhook = a\nhook = b\n\n[cache]\nservers = x;y%z\n")
  })

  it("merge key by key, the later layer replacing a repeated key as a whole", () => {
    const merged = mergeOslo({ a: { x: 1, list: ["p", "q"] } }, { a: { list: ["r"] }, b: { y: 2 } })
    expect(merged).toEqual({ a: { x: 1, list: ["r"] }, b: { y: 2 } })
  })

  it("are read as oslo.config reads them: repeated keys kept, ; and % in values, continuations", () => {
    const text = "# c\n[DEFAULT]\nhook = a\nhook = b ; not a comment\nlong = one\n  two\n[x]\nkey: 50%\n"
    expect(parseOslo(text)).toEqual({
      DEFAULT: { hook: ["a", "b ; not a comment"], long: "one\ntwo" },
      x: { key: "50%" },
    })
  })

  it("name the line that cannot be read", () => {
    expect(() => parseOslo("[a]\nnonsense\n", "nova.conf")).toThrow(/nova.conf line 2$/)
    expect(() => parseOslo("  indented\n")).toThrow("line 1")
  })

  it("come back the same after rendering and reading", () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,12}$/)
    const value = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/)
    const values = fc.oneof(value, fc.array(value, { minLength: 2, maxLength: 4 }))
    const config = fc.dictionary(word, fc.dictionary(word, values, { minKeys: 1 }), { minKeys: 1 })
    fc.assert(
      fc.property(config, (given) => {
        expect(parseOslo(renderOslo(given))).toEqual(structuredClone(given))
      }),
    )
  })

  it("never throw anything but their own error on any text", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseOslo(text)
        } catch (error) {
          expect(error).toHaveProperty("code", "OSLO_SYNTAX")
        }
      }),
    )
  })
})
