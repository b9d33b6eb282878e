import { globSync, readFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import type { CodedKind } from "../src/util/errors.ts"

export interface RoomErrors {
  readonly room: string
  readonly kinds: readonly CodedKind[]
}

/** Every table made by `defineErrors`, by the room of the file that declares it. */
export async function errorsOfRooms(root: string): Promise<RoomErrors[]> {
  const files = globSync("src/**/*.ts", { cwd: root })
    .filter((file) => /= defineErrors\(/.test(readFileSync(`${root}/${file}`, "utf8")))
    .sort()
  const rooms = new Map<string, CodedKind[]>()
  for (const file of files) {
    const room = file.split("/")[1]!
    const exported = (await import(pathToFileURL(`${root}/${file}`).href)) as Record<string, unknown>
    const kinds = Object.values(exported)
      .filter(isTable)
      .flatMap((table) => Object.values(table))
    rooms.set(room, [...(rooms.get(room) ?? []), ...kinds])
  }
  return [...rooms].map(([room, kinds]) => ({ room, kinds }))
}

const isTable = (value: unknown): value is Record<string, CodedKind> =>
  typeof value === "object" &&
  value !== null &&
  Object.values(value).length > 0 &&
  Object.entries(value).every(([key, kind]) => (kind as Partial<CodedKind> | null)?.code === key)

export function errorsPage(rooms: readonly RoomErrors[]): string {
  const section = ({ room, kinds }: RoomErrors) => {
    const rows = kinds.map(
      ({ code, status, summary, remedy }) => `| \`${code}\` | ${status} | ${summary} | ${remedy} |`,
    )
    return [`## ${room}`, "", "| code | HTTP | what happened | what to do |", "|---|---|---|---|", ...rows].join("\n")
  }
  const head = `# Errors

Made by \`npm run docs\` from the tables in \`src/*/errors.ts\`. Every error names its node and says what was
seen and expected; the last column is its general remedy, which a single case may replace by a better one.`
  return `${[head, ...rooms.map(section)].join("\n\n")}\n`
}
