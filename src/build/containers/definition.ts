/** What a container image is made of. `images/<name>/image.ts` exports one of these by default. */
export interface ImageDefinition {
  readonly kind: "container"
  /** Also the folder's name, and the last part of the repository's. */
  readonly name: string
  readonly summary: string
  /** Only labs and tests run it; it is not among the images of a site. */
  readonly lab?: true
  /** Other images are made with it; no container of a site runs it. */
  readonly tool?: true
  /** Another definition's name. Exactly one of `from`, `bootstrap` and `external` is given. */
  readonly from?: string
  /** A root of the hierarchy: a file system that mmdebstrap makes from packages, since no registry is asked for anything. */
  readonly bootstrap?: Bootstrap
  /** A root that is another's image; the operator's file says which. */
  readonly external?: true
  /** Debian's, the default way to install. `source` and `rpm` say what takes their place. */
  readonly packages?: readonly string[]
  readonly source?: SourceInstall
  readonly rpm?: RpmInstall
  /** Shell patterns of paths that the packages bring and nothing here needs; removed in the packages' own layer. */
  readonly prune?: readonly string[]
  /**
   * Files of packages that are not installed, because their scripts ask an administrator questions, make databases or start
   * services: package → tar patterns, such as "./usr/bin/nova-*". A pattern that matches nothing fails the build.
   */
  readonly extract?: Readonly<Record<string, readonly string[]>>
  /** Users of a fixed id that volumes and sockets are shared with; the container does not run as them. Made before `user`. */
  readonly accounts?: readonly ImageUser[]
  /** Made, and the container runs as it. An image without one runs as its parent does. */
  readonly user?: ImageUser
  /** Runs as root although its parent has a user. */
  readonly root?: true
  /** Files from the image's own folder: path in the image → what goes there. */
  readonly files?: Readonly<Record<string, ImageFile>>
  /** Shell lines, run as root after packages, user and files, in one layer. */
  readonly run?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly entrypoint?: readonly string[]
  readonly command?: readonly string[]
  /** A command inside the image; absent in parents that never run. */
  readonly health?: string
  readonly volumes?: readonly string[]
  readonly migrates?: Migrations
}

/** Databases that a start with KOLLA_BOOTSTRAP brings to the image's schema. */
export interface Migrations {
  /** The configuration file that says where they are. */
  readonly config: string
  /** Its sections, each with a `connection` → names of databases. */
  readonly databases: Readonly<Record<string, string>>
  /** Another image, whose databases among these have to be there first, and are that one's to migrate. */
  readonly after?: string
}

/** OpenStack from its own releases, in a virtual environment; Debian supplies Python and what is not Python. */
export interface SourceInstall {
  /** Requirements as pip has them, e.g. `keystone[ldap]`; the release's constraints say the versions. None: the parent's environment will do. */
  readonly projects?: readonly string[]
  /** Debian's packages in place of the definition's own. */
  readonly packages?: readonly string[]
  /** In place of the definition's own. */
  readonly extract?: ImageDefinition["extract"]
  /** Shell lines in place of the definition's own. */
  readonly run?: readonly string[]
  /** Programs that Debian's package makes and the project's release does not: `/usr/bin/NAME` → WSGI application as `module:attribute`. */
  readonly wsgi?: Readonly<Record<string, string>>
}

/** Rocky Linux with RDO's packages, those of CentOS' NFV and Storage SIGs, and EPEL. */
export interface RpmInstall {
  /** Why the image cannot come from there. It is rendered, and not built. */
  readonly missing?: string
  /** In place of the definition's `from`. */
  readonly from?: string
  readonly packages?: readonly string[]
  /** Shell lines in place of the definition's own. */
  readonly run?: readonly string[]
  /** Over the definition's own. */
  readonly environment?: Readonly<Record<string, string>>
}

/** Of the release's suite. */
export interface Bootstrap {
  readonly packages: readonly string[]
  /** dpkg's path-exclude and path-include, in order; they also hold in every image above. */
  readonly dpkg: readonly string[]
}

export interface ImageUser {
  readonly name: string
  readonly id: number
  readonly home: string
  readonly groups?: readonly string[]
}

export interface ImageFile {
  /** Relative to the image's folder. */
  readonly source: string
  /** Octal, as chmod has it. Default 0644. */
  readonly mode?: string
}

export function defineImage(definition: Omit<ImageDefinition, "kind">): ImageDefinition {
  return { kind: "container", ...definition }
}
