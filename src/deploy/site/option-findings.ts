import { fault } from "../../util/fault.ts"
import { type OsloConfig, parseOslo } from "../oslo.ts"
import { amend, type Overrides } from "../overrides.ts"
import { overridesFolder } from "./files.ts"
import type { Finding } from "./finding.ts"
import type { OptionLists } from "./option-lists.ts"
import { lineOfOption, type UnknownOption, unknownOptions } from "./option-names.ts"
import type { PlacedFile } from "./overrides.ts"

interface Sighting {
  readonly option: UnknownOption
  /** In how many files it came to be, … */
  uses: number
  /** … and in how many of those the service does not know it. */
  unknown: number
}

/** uWSGI reads its own file, and has no list of options. */
const isOslo = ({ kind, file }: PlacedFile) => kind === "oslo" && !file.endsWith("-uwsgi.ini")

/** A warning for each option that the service would ignore: the operator's, at its line, and the built-in ones. */
export function checkOptionNames(overrides: Overrides, files: readonly PlacedFile[], lists: OptionLists): Finding[] {
  const seen = new Map<string, Map<string, Sighting>>()
  for (const placed of files.filter(isOslo)) {
    const list = lists(placed.image)
    if (!list) continue
    const { content, used } = amend(overrides, placed, placed.builtin)
    const unknown = unknownOptions(content as OsloConfig, list)
    const layers = [
      { path: undefined, config: placed.builtin as OsloConfig },
      ...used.map((path) => ({ path, config: parseOslo(overrides.get(path)!) })),
    ]
    for (const { path, config } of layers) {
      const source = path === undefined ? `${placed.container}/${placed.file}` : `${overridesFolder}/${path}`
      const own = seen.get(source) ?? new Map<string, Sighting>()
      seen.set(source, own)
      for (const [section, keys] of Object.entries(config)) {
        for (const key of Object.keys(keys)) {
          const option = unknown.find(
            (each) => each.section === section && (each.key === undefined || each.key === key),
          )
          const id = `${section}\0${key}`
          const sighting = own.get(id) ?? { option: option ?? { section, key, what: "" }, uses: 0, unknown: 0 }
          own.set(id, {
            option: option ?? sighting.option,
            uses: sighting.uses + 1,
            unknown: sighting.unknown + (option ? 1 : 0),
          })
        }
      }
    }
  }
  return [...seen].flatMap(([file, sightings]) => {
    // global.conf is for all: what one service knows has a use.
    const useless = [...sightings.values()].filter(({ uses, unknown }) => unknown === uses)
    // A section that nobody knows is told once, not for each of its keys.
    const told = new Map(useless.map((each) => [`${each.option.section}\0${each.option.key ?? ""}`, each]))
    return [...told.values()].map(({ option: { section, key, what } }): Finding => {
      const text = overrides.get(file.replace(`${overridesFolder}/`, ""))
      const line = text === undefined ? 1 : lineOfOption(text, section, key)
      return { ...fault({ line, column: 1 }, `the service has ${what}`, ""), file, severity: "warning" }
    })
  })
}
