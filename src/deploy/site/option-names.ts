import { didYouMean } from "../../util/closest.ts"
import type { OsloConfig } from "../oslo.ts"
import type { OptionList } from "./option-lists.ts"

export interface UnknownOption {
  readonly section: string
  /** Absent when the section as a whole is unknown. */
  readonly key?: string
  readonly what: string
}

const spelled = (name: string) => name.replaceAll("-", "_")

/**
 * Options of a configuration that its service does not know and would ignore. Sections that an option names (backends of Cinder,
 * stores of Glance) and those whose keys are all those of a known section are instances of what is registered when it starts.
 */
export function unknownOptions(config: OsloConfig, list: OptionList): UnknownOption[] {
  const sections = Object.keys(list.options)
  const named = new Set(
    Object.values(config).flatMap((keys) => Object.values(keys).flatMap((value) => String(value).split(/[\s,:]+/))),
  )
  return Object.entries(config).flatMap(([section, keys]): UnknownOption[] => {
    const known = list.options[section]
    const given = Object.keys(keys)
    if (known === undefined) {
      const near = didYouMean(section, sections)
      const isInstance = sections.some((each) => given.every((key) => list.options[each]!.includes(spelled(key))))
      if (named.has(section) || (near === "" && isInstance)) return []
      return [{ section, what: `no section [${section}]${near}` }]
    }
    const allowed = new Set([...known, ...authOptions(keys, list)])
    return given
      .filter((key) => !allowed.has(spelled(key)))
      .map((key) => {
        const near = didYouMean(spelled(key), [...allowed])
        const elsewhere = sections.filter((each) => list.options[each]!.includes(spelled(key)))
        const hint =
          near === "" && elsewhere.length > 0 ? `, it belongs to [${elsewhere.slice(0, 3).join("] or [")}]` : near
        return { section, key, what: `no option ${key} in [${section}]${hint}` }
      })
  })
}

/** What the section's authentication plugin adds. One that the list does not know adds nothing that could be wrong. */
function authOptions(keys: OsloConfig[string], { auth }: OptionList): readonly string[] {
  const type = keys["auth_type"]
  if (type === undefined) return []
  return ["auth_type", "auth_section", ...(auth[String(type)] ?? Object.keys(keys).map(spelled))]
}

/** Where an option stands in a file's text, from 1; the first line when it does not. */
export function lineOfOption(text: string, section: string, key: string | undefined): number {
  let now = "DEFAULT"
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const header = /^\[([^\]]+)\]/.exec(line)
    if (header) now = header[1]!
    if (now !== section) continue
    if (key === undefined ? header : line.match(/^([^=:]+?)\s*[=:]/)?.[1] === key) return index + 1
  }
  return 1
}
