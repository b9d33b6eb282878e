/** `0:41`, `1:02:03`. */
export function elapsed(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const pad = (part: number) => String(part).padStart(2, "0")
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`
}

/** Local time of day, `17:03:11`. */
export const timeOfDay = (at: number) => new Date(at).toTimeString().slice(0, 8)

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

/** A bar of `width` characters; `share` from 0 to 1. */
export function bar(share: number, width = 10): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width * 8)
  const whole = "█".repeat(Math.floor(filled / 8)) + eighths[filled % 8]
  return whole.padEnd(width, "░")
}

export const percent = (share: number) => `${String(Math.floor(share * 100)).padStart(2)} %`

export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"]
  const power = Math.min(units.length - 1, count < 1 ? 0 : Math.floor(Math.log10(count) / 3))
  const value = count / 1000 ** power
  return `${value.toFixed(value < 10 && power > 0 ? 1 : 0)} ${units[power]}`
}

export const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? "" : "s"}`
