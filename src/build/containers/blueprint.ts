import type { ImageDefinition } from "./definition.ts"
import type { BlockName, ImageOverride } from "./overrides.ts"
import { type PythonTree, pluginTree, venvEnvironment, venvTree, wsgiFiles } from "./python.ts"
import type { RootFile } from "./rootfs.ts"
import type { BuildSettings } from "./settings.ts"

/** A definition as it is built: under one install type, with the operator's overrides. The Dockerfile is rendered from it. */
export interface Blueprint extends ImageDefinition {
  readonly manager: "apt" | "dnf"
  readonly python?: PythonTree
  /** Files whose content is made, not read from a folder. */
  readonly written: readonly RootFile[]
  /** Absolute paths here, in the order in which they apply. */
  readonly patches: readonly string[]
  readonly blocks: Readonly<Partial<Record<BlockName, string>>>
  /** Why it can be rendered and not built. */
  readonly blocked?: string
}

export function blueprintOf(definition: ImageDefinition, settings: BuildSettings): Blueprint {
  const override = settings.images[definition.name] ?? {}
  const typed = { deb: asDeb, source: asSource, rpm: asRpm }[settings.installType](definition, override, settings)
  return withOverride(withBase(typed, settings), override)
}

const plain = { written: [], blocks: {}, patches: [] } as const

function asDeb(definition: ImageDefinition, { plugins }: ImageOverride, { release }: BuildSettings): Blueprint {
  const python = plugins?.pip?.length ? pluginTree("deb", plugins.pip) : undefined
  const missing = release.resolve && definition.source?.projects?.length
  const blocked = `Debian's ${release.suite} does not have OpenStack ${release.name}; it comes by --install-type source`
  return { ...definition, ...plain, manager: "apt", ...(python && { python }), ...(missing && { blocked }) }
}

function asSource(definition: ImageDefinition, override: ImageOverride, settings: BuildSettings): Blueprint {
  const { source } = definition
  const pip = override.plugins?.pip ?? []
  if (!source) {
    const python = pip.length > 0 ? pluginTree("source", pip) : undefined
    return { ...definition, ...plain, manager: "apt", ...(python && { python }) }
  }
  const { packages: _, extract: __, ...kept } = definition
  const python = source.projects?.length
    ? venvTree([...source.projects, ...pip], override.source ?? {}, settings.release)
    : pip.length > 0
      ? pluginTree("source", pip)
      : undefined
  return {
    ...kept,
    ...plain,
    manager: "apt",
    ...(source.packages && { packages: source.packages }),
    ...(source.extract && { extract: source.extract }),
    ...(source.run && { run: source.run }),
    ...(python && { python }),
    environment: { ...(source.projects?.length ? venvEnvironment : {}), ...definition.environment },
    written: wsgiFiles(source.wsgi ?? {}),
  }
}

function asRpm(definition: ImageDefinition): Blueprint {
  const { packages, extract, prune: _, rpm, ...kept } = definition
  const lacks = !rpm && (packages?.length || extract || definition.bootstrap)
  const blocked = rpm?.missing ?? (lacks && "its definition has no packages of install type rpm")
  return {
    ...kept,
    ...plain,
    manager: "dnf",
    ...(rpm?.from && { from: rpm.from }),
    ...(rpm?.packages && { packages: rpm.packages }),
    ...(rpm?.run && { run: rpm.run }),
    ...(rpm?.environment && { environment: { ...definition.environment, ...rpm.environment } }),
    ...(blocked && { blocked }),
  }
}

/** A root of another's making instead of mmdebstrap's, and what a definition that only such a root can fill lacks without one. */
function withBase(image: Blueprint, { base, installType, rpmRepositories }: BuildSettings): Blueprint {
  if (image.external) {
    const repositories = Object.entries(rpmRepositories ?? {})
    const text = repositories
      .map(([name, url]) => `[${name}]\nname=${name}\nbaseurl=${url}\nenabled=1\ngpgcheck=1\n`)
      .join("\n")
    const file = { path: "/etc/yum.repos.d/bifrost.repo", mode: "0644", content: Buffer.from(text) }
    return {
      ...image,
      ...(repositories.length > 0 && { written: [file] }),
      ...(base === undefined && { blocked: "no base image of Rocky Linux is named" }),
    }
  }
  if (!image.bootstrap || base === undefined || installType === "rpm") return image
  const { bootstrap, ...rest } = image
  const exclude = bootstrap.dpkg.map((line) => `${line}\n`).join("")
  const file = { path: "/etc/dpkg/dpkg.cfg.d/bifrost", mode: "0644", content: Buffer.from(exclude) }
  return { ...rest, external: true, packages: bootstrap.packages, written: [file] }
}

function withOverride(image: Blueprint, override: ImageOverride): Blueprint {
  const { add = [], remove = [], replace } = override.packages ?? {}
  const before = replace ?? image.packages ?? []
  const packages = [...before, ...add, ...(override.plugins?.deb ?? [])].filter((name) => !remove.includes(name))
  return {
    ...image,
    packages: [...new Set(packages)],
    ...(override.files && { files: { ...image.files, ...override.files } }),
    blocks: override.blocks ?? {},
    patches: override.patches ?? [],
  }
}
