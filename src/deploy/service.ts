import type { InventoryHost } from "./inventory.ts"
import type { OsloConfig } from "./oslo.ts"
import type { SiteConfig } from "./site.ts"

/** A service of the cloud: containers that stay, tasks that run once, a database, secrets. */
export interface ServiceDefinition {
  readonly name: string
  /** The inventory's group whose first host carries it. */
  readonly group: string
  readonly secrets?: Readonly<Record<string, SecretKind>>
  readonly database?: DatabaseDefinition
  readonly containers: readonly ContainerDefinition[]
  readonly tasks?: readonly TaskDefinition[]
  /** What it answers at, for people and for the catalog. */
  readonly endpoint?: (context: Pick<ServiceContext, "site" | "host">) => string
}

export type SecretKind = "password" | "fernet"

export interface DatabaseDefinition {
  readonly name: string
  /** The secret that is its user's password; the user is named like the database. */
  readonly password: string
}

/** What containers and tasks have in common: an image started by Kolla's contract. */
export interface UnitDefinition {
  /** Container's name, and that of its folder under /etc/kolla. */
  readonly name: string
  readonly image: string
  readonly command: (context: ServiceContext) => string
  readonly files?: readonly FileDefinition[]
  /** `volume:/path` */
  readonly volumes?: readonly string[]
  readonly environment?: (context: ServiceContext) => Readonly<Record<string, string>>
  /** Owners that volumes must have; they may come from an image with another user. */
  readonly permissions?: readonly { readonly path: string; readonly owner: string; readonly recurse?: boolean }[]
  /** What must be there first: `database/NAME`, `container/NAME`, `task/NAME`. */
  readonly needs?: readonly string[]
}

export interface ContainerDefinition extends UnitDefinition {
  /** A command in the container that proves function. */
  readonly healthy: (context: ServiceContext) => readonly string[]
  /** Until when it must be healthy, in seconds. Default 600: an emulated host is slow. */
  readonly startSeconds?: number
}

/** Runs to its end once for each fingerprint: what it did is as lasting as the database that it did it to. */
export interface TaskDefinition extends UnitDefinition {
  /** What it depends on besides the image named here and the database's life. */
  readonly fingerprint: (context: ServiceContext) => readonly string[]
  /** Whether a new image means running it again, as for a migration. */
  readonly perImage: boolean
}

/** A file that Kolla's start contract copies into the container. */
export interface FileDefinition {
  readonly name: string
  readonly dest: string
  readonly owner: string
  /** Octal. */
  readonly perm: string
  readonly content: (context: ServiceContext) => OsloConfig | string
}

export interface ServiceContext {
  readonly site: SiteConfig
  readonly host: InventoryHost
  readonly facts: HostFacts
  /** The first host of a group. */
  readonly first: (group: string) => InventoryHost
  /** A secret's value, for files only: never for environments, commands or labels. */
  readonly secret: (name: string) => string
  readonly databaseUrl: (database: DatabaseDefinition) => string
}

export interface HostFacts {
  readonly cpus: number
  readonly memoryMb: number
}

export function defineService(definition: ServiceDefinition): ServiceDefinition {
  return definition
}

/** As many workers as a host bears: one for each CPU and each `mbEach` of a quarter of its memory, within limits. */
export function workers({ cpus, memoryMb }: HostFacts, mbEach: number, most = 5): number {
  return Math.max(1, Math.min(most, cpus, Math.floor(memoryMb / 4 / mbEach)))
}
