import { X509Certificate } from "node:crypto"
import { isIP } from "node:net"
import { connect } from "node:tls"
import { messageOf } from "../../util/errors.ts"
import { hostPort } from "../../util/host-port.ts"
import { securedSides } from "../entrance.ts"
import type { SiteConfig } from "../site.ts"
import { day, dayMs, namesIn, renewalMs } from "../tls/certificate.ts"
import type { CheckFinding } from "./finding.ts"

export interface CertificateCheckOptions {
  readonly site: SiteConfig
  /** One at which every virtual address answers. */
  readonly port: number
  readonly now: number
  readonly signal: AbortSignal
}

const answerMs = 10_000
const remedy = "bifrost-ts certificates shows what it should be; bifrost-ts deploy --only loadbalancer lays it down."

/** Whether each virtual address under HTTPS shows a certificate that is for it and lasts; asked there, not looked up here. */
export function certificateChecks({ site, port, now, signal }: CertificateCheckOptions): Promise<CheckFinding[]> {
  const checks = securedSides(site).map(async ({ side, names }): Promise<CheckFinding> => {
    const base = { host: "site", check: `certificate ${side}` }
    const vip = site[`${side}_vip_address`]!
    try {
      const shown = await certificateAt(vip, port, names[0]!, signal)
      const left = shown.validToDate.getTime() - now
      const detail = `${namesIn(shown).join(", ")} until ${day(shown.validToDate)} (${Math.floor(left / dayMs)} days)`
      if (left <= 0) return { ...base, status: "failed", detail, remedy }
      return left < renewalMs
        ? { ...base, status: "warning", detail, remedy }
        : { ...base, status: "ok", detail, remedy: null }
    } catch (error) {
      signal.throwIfAborted()
      return { ...base, status: "failed", detail: `${hostPort(vip, port)}: ${messageOf(error)}`, remedy }
    }
  })
  return Promise.all(checks)
}

/** Who vouches for it is no question here: clients' own trust is another one than ours. Rejects when it is not for the name. */
function certificateAt(host: string, port: number, name: string, signal: AbortSignal): Promise<X509Certificate> {
  const { promise, resolve, reject } = Promise.withResolvers<X509Certificate>()
  const socket = connect({
    ...{ host, port, rejectUnauthorized: false, timeout: answerMs },
    ...(isIP(name) === 0 && { servername: name }),
  })
  const abort = () => socket.destroy(signal.reason)
  signal.addEventListener("abort", abort, { once: true })
  socket.once("timeout", () => socket.destroy(new Error("no answer")))
  socket.once("error", reject)
  socket.once("secureConnect", () => {
    const shown = new X509Certificate(socket.getPeerCertificate().raw)
    if (isIP(name) === 0 ? shown.checkHost(name, { subject: "never" }) : shown.checkIP(name)) resolve(shown)
    else reject(new Error(`it shows a certificate for ${namesIn(shown).join(", ")}, not for ${name}`))
    socket.end()
  })
  return promise.finally(() => {
    signal.removeEventListener("abort", abort)
    socket.destroy()
  })
}
