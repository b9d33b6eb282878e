import { closest, distance } from "fastest-levenshtein"

/** `, did you mean "nova"?` when one of the known words is near enough to be what was meant; else nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  if (known.length === 0) return ""
  const best = closest(word, known)
  return distance(word, best) <= Math.ceil(word.length / 3) ? `, did you mean "${best}"?` : ""
}
