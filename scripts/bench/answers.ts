import { setTimeout as sleep } from "node:timers/promises"

/**
 * Asks Keystone and the APIs of its catalog until each has answered correctly; prints when, as JSON: service type → ms since
 * the epoch. A program of its own, as it runs inside the lab's network: answers.ts KEYSTONE TYPE…, the administrator's
 * password in OS_PASSWORD.
 */
interface Question {
  /** Under the endpoint in the catalog; a path from the server's root where it begins with //. */
  readonly path: string
  /** What the answer, an object, has to hold. */
  readonly key: string
}

/**
 * Each answered from the service's database. Heat's APIs are asked what they are: its stacks are its engine's to tell, and an API that
 * waits for an engine that is not there yet is lost to everybody for a minute.
 */
const questions: Readonly<Record<string, Question>> = {
  identity: { path: "/v3/projects", key: "projects" },
  image: { path: "/v2/images", key: "images" },
  placement: { path: "/resource_providers", key: "resource_providers" },
  compute: { path: "/flavors", key: "flavors" },
  network: { path: "/v2.0/networks", key: "networks" },
  volumev3: { path: "/volumes", key: "volumes" },
  orchestration: { path: "//", key: "versions" },
  cloudformation: { path: "//", key: "versions" },
}

interface Token {
  readonly id: string
  /** Type → public URL. */
  readonly urls: ReadonlyMap<string, string>
}

const pauseMs = 200
const patienceMs = 10_000

async function token(keystone: string, password: string): Promise<Token | undefined> {
  const user = { name: "admin", domain: { id: "default" }, password }
  const scope = { project: { name: "admin", domain: { id: "default" } } }
  const body = JSON.stringify({ auth: { identity: { methods: ["password"], password: { user } }, scope } })
  const headers = { "content-type": "application/json" }
  const signal = AbortSignal.timeout(patienceMs)
  const answer = await fetch(`${keystone}/v3/auth/tokens`, { method: "POST", headers, body, signal })
  const id = answer.headers.get("x-subject-token")
  if (answer.status !== 201 || !id) return undefined
  const { catalog = [] } = ((await answer.json()) as { token: { catalog?: Entry[] } }).token
  const urls = catalog.flatMap(({ type, endpoints }) => {
    const found = endpoints.find((endpoint) => endpoint.interface === "public")
    return found ? [[type, found.url] as const] : []
  })
  return { id, urls: new Map(urls) }
}

interface Entry {
  readonly type: string
  readonly endpoints: readonly { readonly interface: string; readonly url: string }[]
}

async function answers(type: string, { id, urls }: Token): Promise<boolean> {
  const [url, question] = [urls.get(type), questions[type]]
  if (question === undefined) throw new Error(`no question is known for the service type ${type}`)
  if (url === undefined) return false
  const where = question.path.startsWith("//")
    ? new URL("/", url).href
    : `${url.replace(/\/$/, "")}${question.path}`.replace("/v3/v3/", "/v3/")
  const answer = await fetch(where, { headers: { "x-auth-token": id }, signal: AbortSignal.timeout(patienceMs) })
  return answer.status < 400 && question.key in ((await answer.json()) as object)
}

/** Nobody listens yet, takes too long, or what answers is not yet JSON. */
const isEarly = (error: unknown) =>
  error instanceof TypeError || error instanceof SyntaxError || error instanceof DOMException

const [keystone = "", ...types] = process.argv.slice(2)
const password = process.env["OS_PASSWORD"] ?? ""

/** Asks until the answer is something; one API that is slow keeps none waiting. */
async function until<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const answer = await ask().catch((error: unknown) => {
      if (isEarly(error)) return undefined
      throw error
    })
    if (answer) return answer
    await sleep(pauseMs)
  }
}

let current = await until(() => token(keystone, password))
/** A catalog anew while one is still to be entered. */
const complete = until(async () => {
  if (types.every((type) => current.urls.has(type))) return true
  current = (await token(keystone, password)) ?? current
  return false
})
const answered = await Promise.all(
  types.map(async (type) => {
    await until(() => answers(type, current))
    return [type, Date.now()] as const
  }),
)
await complete
console.log(JSON.stringify(Object.fromEntries(answered)))
