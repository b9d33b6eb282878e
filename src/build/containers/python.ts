import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { BifrostError } from "../../util/errors.ts"
import { inProject } from "../project.ts"
import { containerBuildErrors } from "./errors.ts"
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
  /** Git repositories of this machine that requirements name by their path. */
  readonly repositories?: readonly string[]
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
  const repositories: string[] = []
  const requirements = projects.map((requirement) => {
    const project = projectOf(requirement)
    const from = sources[project]
    if (from === undefined) return requirement
    if (from.startsWith("/")) {
      folders[project] = from
      return requirement.replace(project, `/source/${project}`)
    }
    if (/^[\d.]+$/.test(from)) return `${requirement}==${from}`
    const local = localRepository(from)
    if (!local) return `${requirement} @ ${from}`
    repositories.push(local.folder)
    return `${requirement} @ ${local.address}`
  })
  const trees = { folders, ...(repositories.length > 0 && { repositories }) }
  return { kind: "venv", requirements, ...trees, release, target: venv }
}

/**
 * A repository of this machine, with the commit in place of its branch or tag: what is built follows from the inputs, and a new
 * commit is a new image.
 */
function localRepository(from: string): { readonly folder: string; readonly address: string } | undefined {
  const [, folder, name = "HEAD", fragment = ""] = /^git\+file:\/\/(\/[^@#]+)(?:@([^#]+))?(#.+)?$/.exec(from) ?? []
  if (folder === undefined) return undefined
  // The repository may be another user's, which git otherwise takes for a trap.
  const command = ["-c", "safe.directory=*", "-C", folder, "rev-parse", "--verify", `${name}^{commit}`]
  try {
    const commit = execFileSync("git", command, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim()
    return { folder, address: `git+file://${folder}@${commit}${fragment}` }
  } catch (cause) {
    throw new BifrostError(containerBuildErrors.IMAGE_FILE, { detail: `${from}: ${(cause as Error).message}`, cause })
  }
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
