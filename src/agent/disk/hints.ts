import { BifrostError } from "../../util/errors.ts"
import { agentErrors } from "../errors.ts"
import type { InventoryDisk, RootDeviceHints } from "../protocol.ts"

const GiB = 1024 ** 3
/** Ironic's lower bound for a disk chosen without hints. */
const SMALLEST_ROOT = 4 * GiB

type Compare = (have: string, want: string) => boolean
const numeric =
  (test: (have: number, want: number) => boolean): Compare =>
  (have, want) => {
    // Nothing differs from a number as much as no number: "!=" would take the very disk that it is to leave alone.
    if (Number.isNaN(Number(want))) {
      throw new BifrostError(agentErrors.BAD_HINT, {
        detail: `"${want}" is no number`,
        expected: "a number, or an operator for text such as s!=",
      })
    }
    return test(Number(have), Number(want))
  }
const text =
  (test: (have: string, want: string) => boolean): Compare =>
  (have, want) =>
    test(fold(have), fold(want))

/** oslo.utils' specs_matcher operators, which Ironic's hints use. `=` means "at least" there, and so it does here. */
const operators: Record<string, Compare> = {
  "=": numeric((have, want) => have >= want),
  "==": numeric((have, want) => have === want),
  "!=": numeric((have, want) => have !== want),
  ">=": numeric((have, want) => have >= want),
  "<=": numeric((have, want) => have <= want),
  ">": numeric((have, want) => have > want),
  "<": numeric((have, want) => have < want),
  "s==": text((have, want) => have === want),
  "s!=": text((have, want) => have !== want),
  "s>=": text((have, want) => have >= want),
  "s<=": text((have, want) => have <= want),
  "s>": text((have, want) => have > want),
  "s<": text((have, want) => have < want),
  "<in>": text((have, want) => have.includes(want)),
}

const fold = (value: string) => value.trim().toLowerCase()

/** What each hint is compared with; `size` in whole GiB. */
const properties: Record<keyof RootDeviceHints, (disk: InventoryDisk) => string | null> = {
  serial: (disk) => disk.serial,
  wwn: (disk) => disk.wwn,
  wwn_with_extension: (disk) => disk.wwn,
  wwn_vendor_extension: () => null,
  model: (disk) => disk.model,
  vendor: (disk) => disk.vendor,
  name: (disk) => disk.name,
  by_path: (disk) => disk.by_path,
  hctl: (disk) => disk.hctl,
  size: (disk) => String(Math.floor(disk.size / GiB)),
  rotational: (disk) => String(disk.rotational),
}

/** Does a value satisfy a hint such as `>= 20`, `<or> a <or> b`, `QEMU` or 20? */
export function matchesHint(hint: keyof RootDeviceHints, have: string, want: unknown): boolean {
  if (typeof want === "object") throw new BifrostError(agentErrors.BAD_HINT, { detail: `${hint} is no value` })
  const expression = String(want).trim()
  if (expression.startsWith("<or>")) {
    return expression
      .split("<or>")
      .slice(1)
      .some((choice) => plainMatch(hint, have, choice.trim()))
  }
  const [word = ""] = expression.split(/\s+/, 1)
  const operator = Object.hasOwn(operators, word) ? operators[word] : undefined
  if (!operator) return plainMatch(hint, have, expression)
  const operand = expression.slice(word.length).trim()
  if (operand === "") throw new BifrostError(agentErrors.BAD_HINT, { detail: `${hint}: ${expression}` })
  return operator(have, operand)
}

function plainMatch(hint: keyof RootDeviceHints, have: string, want: string): boolean {
  return hint === "size" ? Number(have) === Number(want) : fold(have) === fold(want)
}

/**
 * The disk to install on. Without hints: the smallest of at least 4 GiB, as Ironic chooses (the first by name among
 * equals). With hints: the one disk that satisfies all of them; none or several is an error that lists what is there.
 */
export function chooseDisk(disks: readonly InventoryDisk[], hints: RootDeviceHints = {}): InventoryDisk {
  const wanted = Object.entries(hints).filter(([, want]) => want !== undefined && want !== null)
  const inventory = disks.map(describe).join("; ") || "none"
  if (wanted.length === 0) {
    const [smallest] = disks
      .filter((disk) => disk.size >= SMALLEST_ROOT)
      .toSorted((a, b) => a.size - b.size || a.name.localeCompare(b.name))
    if (smallest) return smallest
    throw new BifrostError(agentErrors.NO_DISK, { detail: `disks: ${inventory}`, expected: "one of at least 4 GiB" })
  }
  const matching = disks.filter((disk) =>
    wanted.every(([hint, want]) => {
      const property = Object.hasOwn(properties, hint) && properties[hint as keyof RootDeviceHints]
      if (!property) throw new BifrostError(agentErrors.BAD_HINT, { detail: `unknown hint "${hint}"` })
      const have = property(disk)
      return have !== null && matchesHint(hint as keyof RootDeviceHints, have, want)
    }),
  )
  const [only, second] = matching
  const expected = `root_device ${JSON.stringify(hints)}`
  if (!only) throw new BifrostError(agentErrors.NO_DISK, { detail: `disks: ${inventory}`, expected })
  if (second) {
    throw new BifrostError(agentErrors.AMBIGUOUS_DISK, { detail: matching.map(describe).join("; "), expected })
  }
  return only
}

function describe(disk: InventoryDisk): string {
  const size = `${(disk.size / GiB).toFixed(1)} GiB`
  return `${disk.name} (${size}, model ${disk.model || "-"}, serial ${disk.serial ?? "-"}, wwn ${disk.wwn ?? "-"})`
}
