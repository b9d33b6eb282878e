import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { segmentsOf, ZERO_UNIT, ZeroRuns } from "../../../src/agent/image/zeros.ts"

describe("segmentsOf", () => {
  it("cuts a block at whole units", () => {
    const block = Buffer.alloc(4 * ZERO_UNIT)
    block[2 * ZERO_UNIT] = 1
    expect(segmentsOf(block)).toEqual([
      { start: 0, length: 2 * ZERO_UNIT, zero: true },
      { start: 2 * ZERO_UNIT, length: ZERO_UNIT, zero: false },
      { start: 3 * ZERO_UNIT, length: ZERO_UNIT, zero: true },
    ])
  })
  it("covers every byte once, and calls no byte that is set a zero", () => {
    const lengths = fc.integer({ min: 1, max: 5 * ZERO_UNIT })
    fc.assert(
      fc.property(lengths, fc.array(fc.nat(5 * ZERO_UNIT), { maxLength: 3 }), (length, set) => {
        const block = Buffer.alloc(length)
        for (const at of set) if (at < length) block[at] = 0xff
        const segments = segmentsOf(block)
        let at = 0
        for (const { start, length: size, zero } of segments) {
          expect(start).toBe(at)
          at += size
          const isZero = block.subarray(start, start + size).every((byte) => byte === 0)
          if (zero) expect(isZero).toBe(true)
        }
        expect(at).toBe(length)
      }),
      { numRuns: 30 },
    )
  })
})

it("joins neighbouring runs and hands over what ended", () => {
  const runs = new ZeroRuns()
  expect(runs.add(0, 4)).toBeUndefined()
  expect(runs.add(4, 4)).toBeUndefined()
  expect(runs.add(12, 4)).toEqual({ start: 0, length: 8 })
  expect(runs.take()).toEqual({ start: 12, length: 4 })
  expect(runs.take()).toBeUndefined()
})
