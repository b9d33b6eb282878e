import type { Journey } from "../../scripts/journey/run.ts"

/** The real `openstack` client, as the cloud's administrator. Rejects with its own words when it does not succeed. */
export function openstackOf(journey: Journey) {
  const run = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await journey.openstack(...words)
    if (code !== 0) throw new Error(`openstack ${words.join(" ")}: ${stderr.trim() || stdout.trim()}`)
    return stdout.trim()
  }
  return {
    run,
    /** One column's value. */
    value: (column: string, ...words: string[]) => run(...words, "-f", "value", "-c", column),
    json: async <T>(...words: string[]): Promise<T> => JSON.parse(await run(...words, "-f", "json")),
  }
}

/** Asks again until the answer is one that is wanted; the last answer is in the error. */
export async function until<T>(
  what: string,
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
  seconds = 180,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000
  for (;;) {
    const answer = await ask().catch((error: unknown) => error as T)
    if (!(answer instanceof Error) && wanted(answer)) return answer
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} s; last: ${String(answer)}`)
    await new Promise((resolve) => setTimeout(resolve, 2000))
  }
}
