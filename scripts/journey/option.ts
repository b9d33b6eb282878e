import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { inState } from "../../src/util/paths.ts"
import { hostEngine } from "./host.ts"
import type { Journey } from "./run.ts"

/** Where an operator writes options of a service. */
export const optionsOf = ({ state }: Journey, service: string) =>
  join(inState.site({ state, cache: "" }), "config", `${service}.conf`)

/** Writes one option of a service, in place of what the operator has written of it. */
export function writeOption(journey: Journey, service: string, option: string, value: string): void {
  const file = optionsOf(journey, service)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `[DEFAULT]\n${option} = ${value}\n`)
}

/** Does the work, and tells which of the host's containers it made, replaced or removed. */
export async function touchedBy<T>(
  journey: Journey,
  work: () => Promise<T>,
): Promise<{ result: T; touched: string[] }> {
  const before = await containers(journey)
  const result = await work()
  const after = await containers(journey)
  const names = new Set([...before.keys(), ...after.keys()])
  return { result, touched: [...names].filter((name) => before.get(name) !== after.get(name)).sort() }
}

/** Name → id. */
async function containers(journey: Journey): Promise<ReadonlyMap<string, string>> {
  const all = await (await hostEngine(journey)).listContainers({ all: true })
  return new Map(all.map(({ Names, Id }) => [Names[0]!.slice(1), Id]))
}
