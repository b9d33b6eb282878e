/** Zeros are looked for in units of this many bytes, aligned to the block that holds them. */
export const ZERO_UNIT = 256 * 1024
const zeroUnit = Buffer.alloc(ZERO_UNIT)

export interface Segment {
  readonly start: number
  readonly length: number
  readonly zero: boolean
}

/** Cuts a block into alternating segments of zeros and of data. A unit with one byte set is data. */
export function segmentsOf(block: Buffer): Segment[] {
  const segments: Segment[] = []
  for (let start = 0; start < block.length; start += ZERO_UNIT) {
    const unit = block.subarray(start, start + ZERO_UNIT)
    const zero = unit.equals(unit.length === ZERO_UNIT ? zeroUnit : zeroUnit.subarray(0, unit.length))
    const last = segments.at(-1)
    if (last?.zero === zero) segments[segments.length - 1] = { ...last, length: last.length + unit.length }
    else segments.push({ start, length: unit.length, zero })
  }
  return segments
}

export interface Run {
  readonly start: number
  readonly length: number
}

/** Joins neighbouring runs of zeros across blocks, so that one request to the device covers a whole hole. */
export class ZeroRuns {
  #run: Run | undefined

  /** Adds zeros; returns the run that this one does not continue. */
  add(start: number, length: number): Run | undefined {
    const run = this.#run
    if (run && run.start + run.length === start) {
      this.#run = { start: run.start, length: run.length + length }
      return undefined
    }
    this.#run = { start, length }
    return run
  }

  take(): Run | undefined {
    const run = this.#run
    this.#run = undefined
    return run
  }
}
