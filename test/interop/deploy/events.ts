import type Docker from "dockerode"

export interface EngineEvent {
  readonly Action: string
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> }
  readonly timeNano: number
}

/** What an engine has told from a second on (of the epoch), until the one that follows now. */
export async function eventsSince(engine: Docker, since: number, now: number): Promise<EngineEvent[]> {
  const stream = await engine.getEvents({ since, until: now + 1 })
  let told = ""
  for await (const chunk of stream) told += chunk
  return told
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}
