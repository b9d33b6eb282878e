/** Identity API v3's resources, as far as they are looked at. */
export interface Service {
  readonly id: string
  readonly type: string
  readonly name?: string
  readonly description?: string
  readonly enabled: boolean
}

export type Interface = "public" | "internal" | "admin"

export interface Endpoint {
  readonly id: string
  readonly service_id: string
  readonly region_id: string | null
  readonly interface: string
  readonly url: string
  readonly enabled: boolean
  /** Keystone's schema of answers (27 and later) lets an endpoint have this and a name, and no attribute of another's. */
  readonly description?: string | null
}

export interface User {
  readonly id: string
  readonly name: string
  readonly enabled: boolean
  /** An attribute of ours, which Keystone keeps for users: fingerprint of the password that it was given. */
  readonly bifrost_ts_password?: string
}

export interface Named {
  readonly id: string
  readonly name: string
}

export interface Assignment {
  readonly role: { readonly id: string }
  /** Absent when it is a group's. */
  readonly user?: { readonly id: string }
}

export interface DomainAdmin extends User {
  readonly domain_id: string
}

export interface DomainAssignment extends Assignment {
  readonly scope: { readonly domain?: { readonly id: string } }
}

/** All that the catalog's steps look at. */
export interface Records {
  readonly regions: readonly { readonly id: string }[]
  readonly services: readonly Service[]
  readonly endpoints: readonly Endpoint[]
  readonly users: readonly User[]
  readonly roles: readonly Named[]
  /** The project `service`, or none. */
  readonly projects: readonly Named[]
  /** On the project `service`. */
  readonly assignments: readonly Assignment[]
  readonly domains: readonly Named[]
  /** Users of the domains that services have for themselves. */
  readonly domainAdmins: readonly DomainAdmin[]
  /** On those domains. */
  readonly domainAssignments: readonly DomainAssignment[]
}

export type Kind = keyof Records
