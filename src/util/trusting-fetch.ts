import { request as plainRequest } from "node:http"
import { request as secureRequest } from "node:https"
import { isIPv6, type LookupFunction } from "node:net"
import { rootCertificates } from "node:tls"

export interface TrustingFetchOptions {
  /** PEM of certificate authorities that are trusted besides the public ones. */
  readonly authorities?: string
  /** Names that are known without being asked for: name → address. */
  readonly addresses?: ReadonlyMap<string, string>
}

/**
 * `fetch` for peers whose authority or name this machine does not know; Node's own takes neither. Text bodies only; a redirect is
 * the answer. Rejects with the connection's own error.
 */
export function trustingFetch({ authorities, addresses = new Map() }: TrustingFetchOptions): typeof fetch {
  const lookup: LookupFunction = (name, options, done) => {
    const address = addresses.get(name)!
    const family = isIPv6(address) ? 6 : 4
    if (options.all) done(null, [{ address, family }])
    else done(null, address, family)
  }
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const options = {
      method: init.method ?? "GET",
      headers: Object.fromEntries(new Headers(init.headers)),
      // A connection for each: none is left behind that would keep the process, or point to a host that has gone.
      agent: false as const,
      ...(init.signal && { signal: init.signal }),
      ...(addresses.has(url.hostname) && { lookup }),
    }
    const { promise, resolve, reject } = Promise.withResolvers<Response>()
    const request =
      url.protocol === "https:"
        ? secureRequest(url, { ...options, ...(authorities && { ca: [...rootCertificates, authorities] }) })
        : plainRequest(url, options)
    request.on("error", reject)
    request.on("response", (answer) => {
      const chunks: Buffer[] = []
      answer.on("data", (chunk: Buffer) => chunks.push(chunk))
      answer.on("error", reject)
      answer.on("end", () => {
        const headers = new Headers()
        for (let at = 0; at < answer.rawHeaders.length; at += 2) {
          headers.append(answer.rawHeaders[at]!, answer.rawHeaders[at + 1]!)
        }
        const status = answer.statusCode ?? 0
        // The standard's "null body status": a Response refuses even an empty body with them.
        const body = [204, 205, 304].includes(status) ? null : Buffer.concat(chunks)
        resolve(new Response(body, { status, headers }))
      })
    })
    request.end(typeof init.body === "string" ? init.body : undefined)
    return promise
  }
}
