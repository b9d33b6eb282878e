import { services } from "../../services/index.ts"
import type { Certificates } from "../api/own/certificates.ts"
import { type Side, securedSides } from "../deploy/entrance.ts"
import { inventoryFrom } from "../deploy/inventory.ts"
import { givenAuthorities } from "../deploy/site/certificates.ts"
import type { SiteFolder } from "../deploy/site/files.ts"
import type { SiteConfig } from "../deploy/site.ts"
import {
  type CertificateEntry,
  certificateFault,
  certificateFiles,
  dayMs,
  type FrontCertificate,
  type FrontCertificates,
  namesIn,
  oneLine,
  readPem,
} from "../deploy/tls/certificate.ts"
import type { Store } from "../store/port.ts"
import type { Clock } from "../util/clock.ts"
import type { Paths } from "../util/paths.ts"
import { Secret } from "../util/secret.ts"
import type { Authority } from "./pki.ts"
import { siteOfRun } from "./runs/site.ts"

/** Ours in the store, by side. */
const owner = "site_certificates"
/** The least that browsers take of a public authority; ours are made anew by a deploy before that. */
const days = 397

export interface CertificatesOptions {
  readonly store: Store
  readonly clock: Clock
  readonly authority: Authority
  readonly site: SiteConfig
  readonly given: SiteFolder["certificates"]
}

export interface CertificateUse {
  /** Nothing that is made is kept. */
  readonly dryRun?: boolean
  /** Sides whose certificate is made anew although the one that is there would do. */
  readonly renew?: readonly Side[]
}

/**
 * What HAProxy is to show: the operator's certificates, else the site's own, made on first use and again before they end or
 * when the address or name has changed.
 */
export async function siteCertificates(
  options: CertificatesOptions,
  use: CertificateUse = {},
): Promise<FrontCertificates> {
  const found = securedSides(options.site).map(async ({ side, names }): Promise<[Side, FrontCertificate]> => {
    const given = options.given.get(certificateFiles[side])
    const authority = givenAuthorities(options.given) || undefined
    if (given !== undefined) return [side, { pem: new Secret(given), authority }]
    return [side, { pem: await own(options, side, names, use), authority: options.authority.certificate }]
  })
  return Object.fromEntries(await Promise.all(found))
}

async function own(
  { store, clock, authority, site }: CertificatesOptions,
  side: Side,
  names: readonly string[],
  { dryRun = false, renew = [] }: CertificateUse,
): Promise<Secret> {
  const all = [...new Set([...names, ...[site[`${side}_vip_address`]].flatMap((vip) => vip ?? [])])]
  const kept = await store.secrets.get(owner, side)
  const judged = { names: all, authorities: authority.certificate, now: clock.now() }
  if (kept && !renew.includes(side) && !certificateFault(kept.reveal(), judged)) return kept
  const { certificate, key } = await authority.issue(all, days)
  const pem = new Secret(`${certificate.trim()}\n${key.reveal().trim()}\n`)
  if (!dryRun) await store.secrets.put(owner, side, pem)
  return pem
}

export async function certificateEntries(
  options: CertificatesOptions,
  use: CertificateUse = {},
): Promise<CertificateEntry[]> {
  const { site, given, authority, clock } = options
  const certificates = await siteCertificates(options, use)
  const authorities = `${givenAuthorities(given)}${authority.certificate}`
  return securedSides(site).map(({ side, names }) => {
    const pem = certificates[side]!.pem.reveal()
    const [own] = readPem(pem).certificates
    const fault = certificateFault(pem, { names, authorities, now: clock.now() })
    return {
      side,
      source: given.has(certificateFiles[side]) ? "operator" : "site",
      names: own ? namesIn(own) : [],
      issuer: own ? oneLine(own.issuer) : "",
      not_after: own?.validToDate.toISOString() ?? "",
      days_left: own ? Math.floor((own.validToDate.getTime() - clock.now()) / dayMs) : 0,
      fingerprint: own?.fingerprint256 ?? "",
      fault: fault ? `${fault.what} (expected ${fault.expected})` : null,
    }
  })
}

/** What `bifrost-ts certificates` asks for, of the site as its file stands now. */
export function certificateDesk({ store, clock, paths, authority }: CertificateDeskOptions): Certificates {
  const options = async (): Promise<CertificatesOptions> => {
    const { site, certificates: given } = await siteOfRun(paths, services, inventoryFrom(await store.nodes.list()))
    return { store, clock, authority, site, given }
  }
  return {
    list: async (renew = []) => certificateEntries(await options(), { renew }),
    authority: async () => authority.certificate,
  }
}

export interface CertificateDeskOptions extends Pick<CertificatesOptions, "store" | "clock" | "authority"> {
  readonly paths: Paths
}
