import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { stringify } from "yaml"
import type { Change, Step } from "../graph/step.ts"
import { BifrostError, messageOf } from "../util/errors.ts"
import type { Secret } from "../util/secret.ts"
import { deployErrors } from "./errors.ts"

export interface AccessStepOptions {
  readonly after: readonly string[]
  /** Directory on this machine. */
  readonly folder: string
  /** Keystone's URL, e.g. http://192.0.2.11:5000 */
  readonly url: string
  readonly region: string
  readonly password: Secret
  /** PEM of whom clients have to trust at that URL; none for a public authority, or without HTTPS. */
  readonly authority?: string
  /** How the URL is reached. */
  readonly fetch?: typeof fetch
}

export const accessFiles = (folder: string) => ({
  openrc: join(folder, "openrc.sh"),
  clouds: join(folder, "clouds.yaml"),
  authority: join(folder, "ca.crt"),
})

interface Seen {
  readonly path: string
  readonly wanted: string
  readonly same: boolean
}

/** The administrator's way in: openrc.sh and clouds.yaml, for its owner only; proved by a token. */
export function accessStep(options: AccessStepOptions): Step<Seen[]> {
  const files = accessFiles(options.folder)
  const wanted = {
    ...(options.authority !== undefined && { [files.authority]: options.authority }),
    [files.openrc]: renderOpenrc(options),
    [files.clouds]: renderClouds(options),
  }
  return {
    id: "site/access",
    after: options.after,
    inspect: () =>
      Promise.all(
        Object.entries(wanted).map(async ([path, text]) => ({ path, wanted: text, same: await isFile(path, text) })),
      ),
    plan: (seen) =>
      seen.filter(({ same }) => !same).map(({ path }): Change => ({ action: "update", target: `file ${path}` })),
    async apply() {
      await mkdir(options.folder, { recursive: true, mode: 0o700 })
      for (const [path, text] of Object.entries(wanted)) {
        const temporary = `${path}.new`
        await writeFile(temporary, text, { mode: 0o600 })
        await rename(temporary, path)
      }
    },
    async verify(signal) {
      await requestToken(options, signal)
    },
  }
}

async function isFile(path: string, text: string): Promise<boolean> {
  try {
    return (await readFile(path, "utf8")) === text && ((await stat(path)).mode & 0o777) === 0o600
  } catch {
    return false
  }
}

const identity = {
  username: "admin",
  project_name: "admin",
  user_domain_name: "Default",
  project_domain_name: "Default",
}

export function renderOpenrc({ url, region, password, authority, folder }: AccessStepOptions): string {
  const variables = {
    OS_AUTH_URL: `${url}/v3`,
    OS_IDENTITY_API_VERSION: "3",
    OS_INTERFACE: "public",
    OS_REGION_NAME: region,
    ...Object.fromEntries(Object.entries(identity).map(([key, value]) => [`OS_${key.toUpperCase()}`, value])),
    OS_PASSWORD: password.reveal(),
    ...(authority !== undefined && { OS_CACERT: accessFiles(folder).authority }),
  }
  return Object.entries(variables)
    .map(([key, value]) => `export ${key}='${value.replaceAll("'", `'\\''`)}'\n`)
    .join("")
}

export function renderClouds({ url, region, password, authority, folder }: AccessStepOptions): string {
  const auth = { auth_url: `${url}/v3`, ...identity, password: password.reveal() }
  const cacert = authority === undefined ? {} : { cacert: accessFiles(folder).authority }
  const cloud = { auth, region_name: region, interface: "public", identity_api_version: 3, ...cacert }
  return stringify({ clouds: { bifrost: cloud } })
}

/**
 * A token of the administrator's: Identity API v3, "Password authentication with scoped authorization". Throws
 * TOKEN_REFUSED.
 */
export async function requestToken(
  { url, password, fetch: ask = fetch }: Pick<AccessStepOptions, "url" | "password" | "fetch">,
  signal: AbortSignal,
): Promise<{ readonly id: string; readonly body: unknown }> {
  const domain = { name: "Default" }
  const user = { name: "admin", domain, password: password.reveal() }
  const scope = { project: { name: "admin", domain } }
  const body = JSON.stringify({ auth: { identity: { methods: ["password"], password: { user } }, scope } })
  const timeout = AbortSignal.any([signal, AbortSignal.timeout(60_000)])
  try {
    const headers = { "content-type": "application/json" }
    const answer = await ask(`${url}/v3/auth/tokens`, { method: "POST", headers, body, signal: timeout })
    const id = answer.headers.get("x-subject-token")
    if (answer.status === 201 && id) return { id, body: await answer.json() }
    throw new Error(`HTTP ${answer.status}`)
  } catch (cause) {
    signal.throwIfAborted()
    throw new BifrostError(deployErrors.TOKEN_REFUSED, { detail: `${url}: ${messageOf(cause)}`, cause })
  }
}
