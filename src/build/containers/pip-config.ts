import { existsSync, globSync, readFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"

/** pip's own configuration on this machine, as a container needs it to reach the same index. */
export interface PipConfig {
  /** `FILE:PATH:ro`, the way the engine binds. */
  readonly binds: readonly string[]
  /** Content of one more configuration file: what this process has in PIP_… variables. It may hold a password. */
  readonly fromEnvironment: string
}

const files: Readonly<Record<string, string>> = {
  "/etc/pip.conf": "/etc/pip.conf",
  [join(homedir(), ".config/pip/pip.conf")]: "/root/.config/pip/pip.conf",
  [join(homedir(), ".pip/pip.conf")]: "/root/.pip/pip.conf",
}

/** Variables that name files of this process rather than configure pip. */
const own = new Set(["PIP_CONFIG_FILE"])

/** No index is named anywhere in the project: a build asks whatever this machine's pip would ask. */
export function pipConfig(env: NodeJS.ProcessEnv = process.env): PipConfig {
  const present = Object.entries(files).filter(([file]) => existsSync(file))
  const variables = Object.entries(env).filter(([name, value]) => /^PIP_[A-Z_]+$/.test(name) && !own.has(name) && value)
  const lines = variables.map(([name, value]) => `${name.slice(4).toLowerCase().replaceAll("_", "-")} = ${value}`)
  const text = ["[global]", ...lines, ""].join("\n")
  const named = [...present.map(([file]) => readFileSync(file, "utf8")), text].flatMap(pathsIn)
  const binds = [...present, ...[...new Set(named)].map((path) => [path, path] as const)]
  return { binds: binds.map(([from, to]) => `${from}:${to}:ro`), fromEnvironment: text }
}

/** Certificates and folders of wheels that the configuration names. */
function pathsIn(config: string): string[] {
  const settings = [...config.matchAll(/^\s*(?:cert|client-cert|find-links)\s*[=:]\s*(\/.*?)\s*$/gm)]
  return settings.map(([, path]) => path!).filter((path) => globSync(path).length > 0)
}
