import { BifrostError } from "../../util/errors.ts"
import { conductorErrors } from "../errors.ts"

export const algorithms = { sha256: 64, sha512: 128 } as const
export type Algorithm = keyof typeof algorithms

export interface Checksum {
  readonly algorithm: Algorithm
  /** Lower-case hex. */
  readonly value: string
}

/** The algorithm is told by the length; md5 and sha1 are refused because images can be forged under them. */
export function checksumOf(value: string, node: string): Checksum {
  const hex = value.trim().toLowerCase()
  for (const [algorithm, length] of Object.entries(algorithms) as [Algorithm, number][]) {
    if (hex.length === length && /^[0-9a-f]+$/.test(hex)) return { algorithm, value: hex }
  }
  throw new BifrostError(conductorErrors.CHECKSUM_MISSING, {
    node,
    detail: `"${hex.slice(0, 140)}" is neither a sha256 (64 hex digits) nor a sha512 (128)`,
  })
}

/**
 * Finds a file's checksum in what `sha256sum` writes (`<hex>  <name>` or `<hex> *<name>`), in BSD's form
 * (`SHA256 (<name>) = <hex>`), or in a file that holds nothing but the checksum.
 */
export function findChecksum(text: string, file: string, node: string): Checksum {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("#"))
  for (const line of lines) {
    const gnu = /^([0-9a-fA-F]{64,128})\s+\*?(\S+)\s*$/.exec(line)
    const bsd = /^SHA(?:256|512)\s*\((.+)\)\s*=\s*([0-9a-fA-F]+)\s*$/.exec(line)
    const [name, value] = gnu ? [gnu[2]!, gnu[1]!] : bsd ? [bsd[1]!, bsd[2]!] : []
    if (name !== undefined && value !== undefined && name.replace(/^.*\//, "") === file) return checksumOf(value, node)
  }
  const only = lines.length === 1 ? lines[0]!.trim() : ""
  if (/^[0-9a-fA-F]+$/.test(only)) return checksumOf(only, node)
  throw new BifrostError(conductorErrors.CHECKSUM_MISSING, {
    node,
    detail: `the checksums file has no line for ${file}`,
    expected: `"<sha256 or sha512>  ${file}"`,
  })
}
