/** The kernel's own lists of modules (depmod's output), as text. */
export interface ModuleLists {
  /** modules.dep: `path: path path …`. */
  readonly dep: string
  /** modules.softdep: `softdep name pre: a b post: c`. */
  readonly softdep: string
  /** modules.builtin: a path a line. */
  readonly builtin: string
}

export interface ModuleChoice {
  /** Paths below the modules' directory, in order. */
  readonly paths: readonly string[]
  /** Wanted, and neither a module nor built in. */
  readonly unknown: readonly string[]
}

/** `e1000e`, of `kernel/drivers/net/…/e1000e.ko.xz`; the kernel takes `-` and `_` for the same. */
export function moduleName(path: string): string {
  const file = path.slice(path.lastIndexOf("/") + 1)
  return canonical(file.replace(/\.ko(\.\w+)?$/, ""))
}

const canonical = (name: string) => name.replaceAll("-", "_")

/** The modules named in `wanted`, with all that they depend on, softly too. */
export function chooseModules(lists: ModuleLists, wanted: readonly string[]): ModuleChoice {
  const pathOf = new Map<string, string>()
  const needs = new Map<string, string[]>()
  for (const line of lists.dep.split("\n")) {
    const [path, dependencies] = line.split(":")
    if (!path || dependencies === undefined) continue
    pathOf.set(moduleName(path), path)
    needs.set(moduleName(path), dependencies.split(" ").filter(Boolean).map(moduleName))
  }
  for (const [name, soft] of softDependencies(lists.softdep)) needs.get(name)?.push(...soft)
  const builtin = new Set(lists.builtin.split("\n").filter(Boolean).map(moduleName))

  const chosen = new Set<string>()
  const queue = wanted.map(canonical)
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (chosen.has(name) || !pathOf.has(name)) continue
    chosen.add(name)
    queue.push(...(needs.get(name) ?? []))
  }
  return {
    paths: [...chosen].map((name) => pathOf.get(name)!).sort(),
    unknown: wanted.filter((name) => !pathOf.has(canonical(name)) && !builtin.has(canonical(name))),
  }
}

function* softDependencies(softdep: string): Generator<[string, string[]]> {
  for (const line of softdep.split("\n")) {
    const [keyword, name, ...rest] = line.split(/\s+/)
    if (keyword !== "softdep" || !name) continue
    yield [canonical(name), rest.filter((word) => !word.endsWith(":")).map(canonical)]
  }
}
