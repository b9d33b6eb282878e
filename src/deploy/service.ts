import type { Side } from "./entrance.ts"
import type { InventoryHost } from "./inventory.ts"
import type { KernelFeature } from "./kernel.ts"
import type { HostInterface, HostNetwork } from "./networks.ts"
import type { FileContent } from "./overrides.ts"
import type { NetworkRole, SiteConfig } from "./site.ts"

/** A service of the cloud: containers that stay, tasks that run once, databases, secrets, its place in the catalog. */
export interface ServiceDefinition {
  readonly name: string
  /** What it is for, in a few words. */
  readonly summary: string
  /** The inventory's group whose hosts carry it; of several groups, the hosts that are in any. */
  readonly group: Group
  /** Whether a site has it; without it, as the site file says of a service of this name, else every site. */
  readonly enabled?: (site: SiteConfig) => boolean
  readonly secrets?: Readonly<Record<string, SecretKind>>
  readonly databases?: readonly DatabaseDefinition[]
  readonly containers: readonly ContainerDefinition[]
  readonly tasks?: readonly TaskDefinition[]
  /** What clients find it by. */
  readonly catalog?: readonly CatalogEntry[]
  /** What the load balancer answers for besides the entries of the catalog. */
  readonly fronts?: readonly Front[]
  /** Everyone comes to the APIs through it: nobody asks one before it is healthy. */
  readonly leadsToApis?: true
  /** Who it is in Keystone when it asks other services; in the project `service`. */
  readonly user?: ServiceUser
  /** A domain in Keystone for the users that it makes itself. */
  readonly domain?: { readonly name: string; readonly description: string; readonly admin: ServiceUser }
  /** Roles that it expects Keystone to have. */
  readonly roles?: readonly string[]
  /** A decision of the site that stays as it is once it has been deployed. */
  readonly settled?: SettledDecision
  /** Where people reach it, when that is no entry of the catalog. */
  readonly address?: (context: Pick<ServiceContext, "site" | "carriers">) => string
}

/** What cannot be changed under what people have made with it, and how a host shows what was decided. */
export interface SettledDecision {
  /** Its place in the site file. */
  readonly option: string
  readonly chosen: (site: SiteConfig) => string
  /** What can be chosen → a container that only comes with it, on every host that matters. */
  readonly shownBy: Readonly<Record<string, string>>
}

export type Group = string | readonly string[]

/**
 * `ssh`: a private key in OpenSSH's format, as base64 on one line. `given`: someone else's, such as the key to an object store:
 * it is imported, never made.
 */
export type SecretKind = "password" | "fernet" | "ssh" | "uuid" | "given"

export interface DatabaseDefinition {
  readonly name: string
  /** Whose it is; named like the database unless given. One user may have several databases. */
  readonly user?: string
  /** The secret that is its user's password. */
  readonly password: string
}

export interface CatalogEntry {
  /** Service type of the service-types authority, e.g. `image`. */
  readonly type: string
  readonly name: string
  readonly description: string
  /** The container that answers. */
  readonly container: string
  readonly port: number
  /** After host and port, e.g. `/v2.1`; `%(project_id)s` is for Keystone to fill. */
  readonly path?: string
}

/** What hosts that carry a container answer, HTTP unless told otherwise, and the load balancer for them. */
export interface Front {
  readonly container: string
  readonly port: number
  /** Where HTTPS is expected at another port; the plain one then leads there. */
  readonly securePort?: number
  /** Not HTTP: connections for services alone, all to the first host that serves. */
  readonly tcp?: true
  /** Where the load balancer on a host answers at that host's own address as well, for programs on it. */
  readonly localPort?: number
  /** Its pages or consoles are one host's own: a client stays with the host that answered first. */
  readonly sticky?: true
}

/** Keystone's word for from where an endpoint is meant to be reached. */
export type EndpointInterface = "internal" | "public"

export interface ServiceUser {
  readonly name: string
  /** A secret's name. */
  readonly password: string
}

/** What containers and tasks have in common: an image started by Kolla's contract. */
export interface UnitDefinition {
  /** Container's name, and that of its folder under /etc/kolla. */
  readonly name: string
  readonly image: string
  /** The group whose hosts carry it; its service's unless given. */
  readonly group?: Group
  /** On each host of the group; without it, on the first. */
  readonly each?: true
  /** Whether a site has it; without it, as its service. */
  readonly enabled?: (site: SiteConfig) => boolean
  readonly command: (context: ServiceContext) => string
  readonly files?: readonly FileDefinition[]
  /** Those that only some sites have, or that are called as the site says. */
  readonly siteFiles?: (context: FilesContext) => readonly FileDefinition[]
  /** `volume:/path` or `/path/on/host:/path`, with Docker's options behind another colon. */
  readonly volumes?: readonly string[]
  /** Those that only some sites need. */
  readonly siteVolumes?: (site: SiteConfig) => readonly string[]
  /** TCP ports of its host that it listens on, besides those of its entries in the catalog. */
  readonly listens?: readonly number[]
  /** Features of the host's kernel that it cannot do without. */
  readonly kernel?: (site: SiteConfig) => readonly KernelFeature[]
  /** Settings of the host's kernel that it counts on, e.g. `net.ipv4.ip_forward`. */
  readonly sysctl?: (site: SiteConfig) => Readonly<Record<string, string>>
  /** More than every container may. */
  readonly access?: HostAccess
  readonly environment?: (context: ServiceContext) => Readonly<Record<string, string>>
  /** Owners that volumes must have; they may come from an image with another user. */
  readonly permissions?: readonly { readonly path: string; readonly owner: string; readonly recurse?: boolean }[]
  /** It asks APIs of the cloud, and trusts whoever vouches for them; those of services that Keystone knows do. */
  readonly asksApis?: true
  /**
   * What must be there first: `database/NAME`, `container/NAME`, `task/NAME` wherever they are, `catalog/SERVICE`; with
   * `here/` before it, only the one on the same host. What a site does not have is not waited for.
   */
  readonly needs?: readonly string[]
  /**
   * What must be there as well before it is made, or made from another image. Where only its configuration changes it does
   * not wait until these have followed the same change.
   */
  readonly comesAfter?: readonly string[]
}

/** What a container may do to its host beyond what every container may. */
export interface HostAccess {
  /** Linux capabilities, without `CAP_`. */
  readonly capabilities?: readonly string[]
  /** Paths under /dev. */
  readonly devices?: readonly string[]
  /** Every device that the host has, or will have: for what attaches volumes. */
  readonly allDevices?: true
  /** Namespaces of the host that it shares; all share the network's. */
  readonly namespaces?: readonly ("pid" | "ipc" | "cgroup")[]
  /** Without seccomp's and AppArmor's filters and masked paths: for what mounts, makes namespaces or runs machines. */
  readonly unconfined?: true
  /** The user it starts as, where it cannot be the image's. */
  readonly user?: string
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
  /**
   * Databases that it brings to its image's schema, and does nothing else: empty ones may be loaded from a dump instead. Who
   * uses them needs it.
   */
  readonly migrates?: readonly string[]
  /** It works on the rows of a table, and has nothing to do while there are none. */
  readonly rowsOf?: { readonly database: string; readonly table: string }
}

/** A file that Kolla's start contract copies into the container. */
export interface FileDefinition {
  readonly name: string
  readonly dest: string
  readonly owner: string
  /** Octal. */
  readonly perm: string
  /** undefined: there is no such file unless the operator gives one among the override files. */
  readonly content: (context: ServiceContext) => FileContent
  /** It is the operator's to give: without it the service cannot be. `content` is not asked then. */
  readonly given?: GivenFile
  /** Nothing of it is shown, in plans neither: it is a secret and nothing but that. */
  readonly secret?: true
}

/** A file that comes from elsewhere, such as another system's keys; it stands among the override files. */
export interface GivenFile {
  /** Its name there. */
  readonly name: string
  /** Whether its place is the service's folder or the container's in there, as kolla-ansible has it; found in both. */
  readonly of: "service" | "container"
  /** What it has to be, for who has to bring it. */
  readonly expected: string
  /** What of it goes into the container; undefined: it is not what was expected. */
  readonly take: (text: string) => string | undefined
}

/** What can be asked for to say which files there are. */
export type FilesContext = Pick<ServiceContext, "site" | "secret">

export interface ServiceContext {
  readonly site: SiteConfig
  readonly host: InventoryHost
  readonly facts: HostFacts
  /** The hosts that carry a container, by its name; none when the site does not have it. */
  readonly carriers: (container: string) => readonly InventoryHost[]
  /** Where this host is in the network of a role. */
  readonly network: (role: NetworkRole) => HostNetwork
  /** All that the load balancer answers for, with the hosts behind it. */
  readonly fronts: readonly (Front & { readonly hosts: readonly InventoryHost[] })[]
  /** Where services reach one of the catalog, by its type; with "public", where users do. */
  readonly endpoint: (type: string, from?: EndpointInterface) => string
  /** Certificate and key of a virtual address, PEM; undefined where the site has no HTTPS there. */
  readonly certificate: (side: Side) => string | undefined
  /** PEM of authorities that clients of the virtual addresses have to be told of; empty when there are none. */
  readonly authorities: string
  /** A secret's value, for files only: never for environments, commands or labels. */
  readonly secret: (name: string) => string
  readonly databaseUrl: (database: DatabaseDefinition) => string
}

export interface HostFacts {
  readonly cpus: number
  readonly memoryMb: number
  readonly interfaces: readonly HostInterface[]
}

/** All files that a unit has in a site. */
export function filesOf(unit: UnitDefinition, context: FilesContext): readonly FileDefinition[] {
  return [...(unit.files ?? []), ...(unit.siteFiles?.(context) ?? [])]
}

export function defineService(definition: ServiceDefinition): ServiceDefinition {
  return definition
}

/** As many workers as a host bears: one for each CPU and each `mbEach` of a quarter of its memory, within limits. */
export function workers({ cpus, memoryMb }: Pick<HostFacts, "cpus" | "memoryMb">, mbEach: number, most = 5): number {
  return Math.max(1, Math.min(most, cpus, Math.floor(memoryMb / 4 / mbEach)))
}
