import { didYouMean } from "../../util/closest.ts"
import type { YamlPath } from "../../util/yaml.ts"
import type { ImageRecipe } from "./catalog.ts"
import type { ImageOverride } from "./overrides.ts"
import { projectOf } from "./python.ts"
import type { BuildSettings } from "./settings.ts"

/** Something that an operator wrote and that changes no image. */
export interface UnusedOverride {
  readonly path: YamlPath
  readonly what: string
  /** An image that does not exist is a mistake; the rest may fit another release or install type. */
  readonly severity: "error" | "warning"
}

export function unusedOverrides(settings: BuildSettings, recipes: ReadonlyMap<string, ImageRecipe>): UnusedOverride[] {
  const names = [...recipes.keys()]
  const root = [...recipes.values()].some(({ blueprint }) => blueprint.external && blueprint.from === undefined)
  const base: UnusedOverride[] =
    settings.base !== undefined && !root
      ? [{ path: ["base"], what: "base: no image has a root to replace", severity: "warning" }]
      : []
  const each = Object.entries(settings.images).flatMap(([name, override]): UnusedOverride[] => {
    const recipe = recipes.get(name)
    const path = ["images", name]
    if (!recipe) {
      const what = `no image is called ${name}${didYouMean(name, names)}`
      return [{ path, what, severity: "error" }]
    }
    return remarks(recipe, override, settings).map((remark) => ({ ...remark, severity: "warning" as const }))
  })
  return [...base, ...each]
}

function remarks(recipe: ImageRecipe, override: ImageOverride, settings: BuildSettings) {
  const { definition } = recipe
  const at = (...path: string[]): YamlPath => ["images", definition.name, ...path]
  const { remove = [], add = [], replace } = override.packages ?? {}
  const own =
    settings.installType === "deb"
      ? definition.packages
      : (definition[settings.installType]?.packages ?? (definition.source ? [] : definition.packages))
  const had = [...(replace ?? own ?? []), ...add]
  const projects = (definition.source?.projects ?? []).map(projectOf)
  const listed = new Set(own)
  return [
    ...remove
      .filter((name) => !had.includes(name))
      .map((name) => ({
        path: at("packages", "remove"),
        what: `${definition.name} does not have the package ${name}`,
      })),
    ...add
      .filter((name) => listed.has(name) && !replace)
      .map((name) => ({ path: at("packages", "add"), what: `${definition.name} has the package ${name} already` })),
    ...Object.keys(override.source ?? {})
      .filter((project) => settings.installType !== "source" || !projects.includes(project))
      .map((project) => ({
        path: at("source", project),
        what:
          settings.installType === "source"
            ? `${definition.name} has no project ${project}`
            : `source is for install type source, and this is ${settings.installType}`,
      })),
    ...(Object.keys(override).length === 0 ? [{ path: at(), what: `${definition.name}: nothing is said here` }] : []),
  ]
}
