import type { Secret } from "../../util/secret.ts"
import { requestToken } from "../access-step.ts"
import type { Placement } from "../placement.ts"
import type { CheckFinding } from "./finding.ts"
import { attempt } from "./host.ts"

export interface EndpointCheckOptions {
  readonly placement: Placement
  /** Keystone's. */
  readonly url: string
  readonly password: Secret
  /** How endpoints are reached. */
  readonly fetch?: typeof fetch
  readonly signal: AbortSignal
}

/** Service type → a question that its API answers from its database, under its endpoint in the catalog. */
const questions: Readonly<Record<string, string>> = {
  identity: "/v3/projects",
  image: "/v2/images?limit=1",
  placement: "/resource_providers",
  compute: "/flavors?limit=1",
  network: "/v2.0/networks?limit=1",
  volumev3: "/volumes?limit=1",
  orchestration: "/stacks?limit=1",
  // Its versions, above the endpoint: below it, a request without a signature is refused.
  cloudformation: "/../",
}
const answerMs = 30_000

interface TokenBody {
  readonly token: {
    readonly catalog?: readonly {
      readonly type: string
      readonly endpoints: readonly { readonly interface: string; readonly url: string }[]
    }[]
  }
}

/** A token as the administrator, and with it one question to each API of the site, at its public endpoint. */
export async function endpointChecks({
  placement,
  url,
  password,
  signal,
  fetch: ask = fetch,
}: EndpointCheckOptions): Promise<CheckFinding[]> {
  let token: { readonly id: string; readonly body: TokenBody } | undefined
  const issued = await attempt("site", "token", "bifrost-ts service logs keystone tells why.", async () => {
    const answer = await requestToken({ url, password, fetch: ask }, signal)
    token = { id: answer.id, body: answer.body as TokenBody }
    return url
  })
  if (!token) return [issued]
  const { id, body } = token
  const entries = placement.services.flatMap(({ catalog = [], name }) =>
    catalog.map((entry) => ({ service: name, ...entry })),
  )
  const asked = entries.map(({ type, container }) =>
    attempt("site", `api ${type}`, `bifrost-ts service logs ${container} tells why.`, async () => {
      const endpoints = body.token.catalog?.find((each) => each.type === type)?.endpoints ?? []
      const endpoint = endpoints.find((each) => each.interface === "public")
      if (!endpoint) throw new Error("it is not in the catalog")
      const address = `${endpoint.url.replace(/\/$/, "")}${questions[type] ?? "/"}`.replace("/v3/v3/", "/v3/")
      const where = new URL(address).href
      const began = performance.now()
      const limit = AbortSignal.any([signal, AbortSignal.timeout(answerMs)])
      const { status } = await ask(where, { headers: { "x-auth-token": id }, signal: limit })
      if (status < 400) return `${where}: ${status} after ${Math.round(performance.now() - began)} ms`
      throw new Error(`${where}: HTTP ${status}`)
    }),
  )
  return [issued, ...(await Promise.all(asked))]
}
