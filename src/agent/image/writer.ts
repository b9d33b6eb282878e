import { BifrostError } from "../../util/errors.ts"
import { alignedBuffers, type BlockDevice, METADATA } from "../disk/device.ts"
import { agentErrors } from "../errors.ts"
import { type Run, segmentsOf, ZeroRuns } from "./zeros.ts"

/** One write: large enough that a disk is busy with data, not with requests. */
const BLOCK = 4 * 1024 * 1024
/** One being filled, two on their way. */
const BLOCKS = 3
/** A hole is worth a request of its own from this size on; smaller ones are written as they are. */
const HOLE = 4 * 1024 * 1024
/** What is held back until the image has proved right: partition table and boot code. */
export const HEAD = METADATA

/**
 * Puts pieces of an image at their places on the disk: gathered into large aligned writes, holes zeroed by the device.
 * The first MiB stays in memory (`head`), to be written last, so that a disk whose writing ends early, by
 * whatever cause, has no partition table and boots nothing.
 */
export class DiskWriter {
  readonly head: Buffer
  written = 0
  skipped = 0
  readonly #device: BlockDevice
  readonly #free: Buffer[]
  readonly #zeros: Buffer
  readonly #holes = new ZeroRuns()
  readonly #pending = new Set<Promise<void>>()
  #failure: unknown
  #block: Buffer | undefined
  #start = 0
  #filled = 0

  constructor(device: BlockDevice) {
    this.#device = device
    const [zeros, head, ...free] = alignedBuffers(BLOCKS + 2, BLOCK)
    this.#zeros = zeros!
    this.head = head!.subarray(0, HEAD)
    this.#free = free
  }

  /** Bytes at a place; pieces that follow each other are joined. */
  async write(position: number, bytes: Buffer): Promise<void> {
    this.#checkRoom(position + bytes.length)
    let at = position
    let rest = bytes
    if (at < HEAD) {
      const inHead = rest.copy(this.head, at)
      at += inHead
      rest = rest.subarray(inHead)
    }
    while (rest.length > 0) {
      if (this.#block && (this.#filled === BLOCK || this.#start + this.#filled !== at)) await this.#send()
      this.#block ??= await this.#nextBlock(at)
      const copied = rest.copy(this.#block, this.#filled)
      this.#filled += copied
      at += copied
      rest = rest.subarray(copied)
    }
  }

  /** Zeros at a place: a hole that the image's format knows of. */
  async zero(position: number, length: number): Promise<void> {
    this.#checkRoom(position + length)
    const start = Math.max(position, HEAD)
    const rest = position + length - start
    if (rest <= 0) return
    const finished = this.#holes.add(start, rest)
    if (finished) await this.#zeroRun(finished)
  }

  /** Returns when all writes have reached the device's queue and none has failed. */
  async flush(): Promise<void> {
    if (this.#block) await this.#send()
    const hole = this.#holes.take()
    if (hole) await this.#zeroRun(hole)
    while (this.#pending.size > 0) await Promise.all(this.#pending)
    this.#check()
  }

  /** Waits for writes under way, whatever became of them: the file must not be closed under them. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#pending)
  }

  #checkRoom(end: number): void {
    if (end <= this.#device.size) return
    const expected = `at most ${this.#device.size} bytes`
    throw new BifrostError(agentErrors.IMAGE_TOO_LARGE, { detail: `it has ${end} bytes or more`, expected })
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  async #nextBlock(at: number): Promise<Buffer> {
    while (this.#free.length === 0) {
      this.#check()
      await Promise.race(this.#pending)
    }
    this.#check()
    this.#start = at
    this.#filled = 0
    return this.#free.pop()!
  }

  /** Hands the filled block over to the device; the next one is filled meanwhile. */
  async #send(): Promise<void> {
    const block = this.#block!
    const start = this.#start
    // The last sector of an image whose length is no whole number of them; the disk has it, the image not.
    const length = Math.ceil(this.#filled / this.#device.sectorSize) * this.#device.sectorSize
    block.fill(0, this.#filled, length)
    this.#block = undefined
    const writes: Promise<void>[] = []
    const holes: Run[] = []
    for (const segment of segmentsOf(block.subarray(0, length))) {
      const position = start + segment.start
      if (segment.zero && this.#device.zeroesFast) {
        const finished = this.#holes.add(position, segment.length)
        if (finished) holes.push(finished)
        continue
      }
      this.written += segment.length
      writes.push(this.#device.write(block.subarray(segment.start, segment.start + segment.length), position))
    }
    this.#track(Promise.all(writes).finally(() => this.#free.push(block)))
    for (const hole of holes) await this.#zeroRun(hole)
  }

  async #zeroRun({ start, length }: Run): Promise<void> {
    if (this.#device.zeroesFast && length >= HOLE) {
      this.skipped += length
      return this.#track(this.#device.zero(start, length))
    }
    for (let done = 0; done < length; done += BLOCK) {
      while (this.#pending.size > BLOCKS) await Promise.race(this.#pending)
      this.#check()
      const piece = this.#zeros.subarray(0, Math.min(BLOCK, length - done))
      this.written += piece.length
      this.#track(this.#device.write(piece, start + done))
    }
  }

  #track(work: Promise<unknown>): void {
    const tracked = work.then(
      () => {},
      (error) => {
        this.#failure ??= error
      },
    )
    this.#pending.add(tracked)
    tracked.then(() => this.#pending.delete(tracked))
  }
}
