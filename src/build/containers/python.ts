import { readFileSync } from "node:fs"
import { inProject } from "../project.ts"
import type { Release } from "./releases.ts"
import type { RootFile } from "./rootfs.ts"

/** Kolla's path, which service configuration and operators' scripts know. */
export const venv = "/var/lib/kolla/venv"

/** A part of the image that pip makes, in a container that has compilers, and that the Dockerfile unpacks. */
export interface PythonTree {
  readonly kind: "venv" | "plugins"
  /** As pip takes them. */
  readonly requirements: readonly string[]
  /** Project → a folder of this machine that it is built from. */
  readonly folders: Readonly<Record<string, string>>
  /** The release whose constraints hold. */
  readonly release?: Release
  /** In the image: the environment, or the modules' folder with PYTHON for `python3.13`. */
  readonly target: string
}

/** What an image with a virtual environment has, so that programs and uWSGI find it. */
export const venvEnvironment = {
  PATH: `${venv}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
  VIRTUAL_ENV: venv,
  UWSGI_VIRTUALENV: venv,
} as const

export function venvTree(
  projects: readonly string[],
  sources: Readonly<Record<string, string>>,
  release: Release,
): PythonTree {
  const folders: Record<string, string> = {}
  const requirements = projects.map((requirement) => {
    const project = projectOf(requirement)
    const from = sources[project]
    if (from === undefined) return requirement
    if (from.startsWith("/")) {
      folders[project] = from
      return requirement.replace(project, `/source/${project}`)
    }
    return /^[\d.]+$/.test(from) ? `${requirement}==${from}` : `${requirement} @ ${from}`
  })
  return { kind: "venv", requirements, folders, release, target: venv }
}

/** Modules beside those that are there. What they need has to be there already: nothing is replaced behind the back of a package. */
export function pluginTree(type: "deb" | "source", requirements: readonly string[]): PythonTree {
  const target = type === "deb" ? "/usr/local/lib/PYTHON/dist-packages" : `${venv}/lib/PYTHON/site-packages`
  return { kind: "plugins", requirements, folders: {}, target }
}

/** `keystone` of `keystone[ldap]>=1`. */
export const projectOf = (requirement: string) => /^[A-Za-z0-9._-]+/.exec(requirement)?.[0] ?? requirement

/** Programs for uWSGI where Debian's package has them, under the paths that service definitions name. */
export function wsgiFiles(wsgi: Readonly<Record<string, string>>): RootFile[] {
  return Object.entries(wsgi).map(([name, application]) => {
    const [module, attribute] = application.split(":")
    const call = attribute?.endsWith("()") ? attribute : undefined
    const text = call
      ? `from ${module} import ${call.slice(0, -2)}\n\napplication = ${call}\n`
      : `from ${module} import ${attribute} as application\n`
    return { path: `/usr/bin/${name}`, mode: "0755", content: Buffer.from(`#!${venv}/bin/python3\n${text}`) }
  })
}

/** What pip takes as a constraints file; empty without a release. */
export function constraintsOf({ release }: Pick<PythonTree, "release">): string {
  return release ? readFileSync(inProject("images", "constraints", release.constraints), "utf8") : ""
}
