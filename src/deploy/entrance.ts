import { urlHost } from "../util/host-port.ts"
import type { EndpointInterface } from "./service.ts"
import type { SiteConfig } from "./site.ts"

/** Which of the two virtual addresses; a site with one has it for both. */
export type Side = "internal" | "external"
export const sides: readonly Side[] = ["internal", "external"]

/** Where one comes in to the site's APIs from one side. */
export interface Entrance {
  /** The virtual address; none where each API is reached on its host. */
  readonly vip: string | undefined
  /** The name that clients know it by, where it has one. */
  readonly fqdn: string | undefined
  readonly secure: boolean
}

/** The site's entrance for services ("internal") or users ("public"): one that has no external address of its own is the same for both. */
export function entranceOf(site: SiteConfig, from: EndpointInterface): Entrance {
  const { internal_vip_address, external_vip_address, internal_fqdn, external_fqdn, tls } = site
  if (from === "public" && external_vip_address !== undefined)
    return { vip: external_vip_address, fqdn: external_fqdn, secure: tls.external }
  return { vip: internal_vip_address, fqdn: internal_fqdn, secure: tls.internal }
}

/** `https://cloud.example.org` or, without an entrance, `http://` and the address of the host that answers. */
export function originOf(site: SiteConfig, from: EndpointInterface, otherwise: string): string {
  const { vip, fqdn, secure } = entranceOf(site, from)
  const name = fqdn ?? vip ?? otherwise
  return `${secure ? "https" : "http"}://${urlHost(name)}`
}

/** Sides whose address is taken under HTTPS, with what a certificate for it has to vouch for. */
export function securedSides(site: SiteConfig): readonly { readonly side: Side; readonly names: readonly string[] }[] {
  return sides.flatMap((side) => {
    if (side === "external" && site.external_vip_address === undefined) return []
    const { vip, fqdn, secure } = entranceOf(site, side === "external" ? "public" : "internal")
    return secure && vip !== undefined ? [{ side, names: fqdn === undefined ? [vip] : [fqdn] }] : []
  })
}

/** Names of the site's entrances and their addresses, for hosts' /etc/hosts and for who cannot ask a name server. */
export function entranceNames(site: SiteConfig): ReadonlyMap<string, string> {
  const all = (["internal", "public"] as const).map((from) => entranceOf(site, from))
  // Where both have one name, hosts take the way that services take.
  return new Map(all.toReversed().flatMap(({ fqdn, vip }) => (fqdn && vip ? [[fqdn, vip] as const] : [])))
}
