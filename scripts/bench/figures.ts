export type Unit = "s" | "MB" | "×"

/** One thing that is measured, and what it may come to. */
export interface Figure {
  readonly name: string
  readonly unit: Unit
  /** Each time that it was measured. */
  readonly samples: readonly number[]
  /** Absent for what is only told. */
  readonly limit?: number
}

export type Verdict = "told" | "kept" | "close" | "missed"

/**
 * Whatever else the machine does only adds to a time, so the shortest of several says most about the program; of memory the
 * largest counts.
 */
export const outcomeOf = ({ unit, samples }: Figure) => (unit === "MB" ? Math.max(...samples) : Math.min(...samples))

/** A figure over its limit by less than this share may be the machine's noise. */
export const noise = 0.1

export function verdictOf(figure: Figure): Verdict {
  const { limit } = figure
  if (limit === undefined) return "told"
  const value = outcomeOf(figure)
  if (value <= limit) return "kept"
  return value <= limit * (1 + noise) ? "close" : "missed"
}

const marks: Readonly<Record<Verdict, string>> = { told: " ", kept: "✔", close: "≈", missed: "✘" }

/** A line for each figure: what it came to, what it may come to, and each measurement. */
export function tableOf(figures: readonly Figure[]): string[] {
  const number = (value: number, unit: Unit) => `${value.toFixed(unit === "MB" ? 0 : unit === "×" ? 2 : 1)} ${unit}`
  const rows = figures.map((figure) => {
    const { name, unit, samples, limit } = figure
    return [
      `${marks[verdictOf(figure)]} ${name}`,
      number(outcomeOf(figure), unit),
      limit === undefined ? "" : `≤ ${number(limit, unit)}`,
      samples.length > 1 ? samples.map((sample) => number(sample, unit)).join("  ") : "",
    ] as const
  })
  const heading = ["  FIGURE", "VALUE", "LIMIT", "EACH TIME"] as const
  const [first, value, most] = [0, 1, 2].map((column) =>
    Math.max(...[heading, ...rows].map((row) => row[column]!.length)),
  )
  return [heading, ...rows].map(([name, came, may, each]) =>
    `${name.padEnd(first!)}  ${came.padStart(value!)}  ${may.padStart(most!)}  ${each}`.trimEnd(),
  )
}
