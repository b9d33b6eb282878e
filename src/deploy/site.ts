/** What the operator decides about a cloud as a whole. */
export interface SiteConfig {
  readonly region: string
  readonly debug: boolean
  /** Where clients reach the services; the first control host's address unless given. */
  readonly endpointAddress?: string
}

export const defaultSite: SiteConfig = { region: "RegionOne", debug: false }
