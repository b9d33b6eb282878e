import { join } from "node:path"

/** Where things live on the provisioner's machine. Both roots can be named by the user and removed as a whole. */
export interface Paths {
  /** Store, key file, API socket, images served to nodes, registry. Losing it loses the site. */
  readonly state: string
  /** What can be made again: root filesystems, images, ramdisks, each under the hash of its inputs. */
  readonly cache: string
}

export function pathsFrom(env: NodeJS.ProcessEnv): Paths {
  return {
    state: env["BIFROST_STATE"] ?? "/var/lib/bifrost-ts",
    cache: env["BIFROST_CACHE"] ?? "/var/cache/bifrost-ts",
  }
}

export const inState = {
  store: (paths: Paths) => join(paths.state, "store.sqlite"),
  key: (paths: Paths) => join(paths.state, "key"),
  apiSocket: (paths: Paths) => join(paths.state, "run", "api.sock"),
  registrySocket: (paths: Paths) => join(paths.state, "run", "registry.sock"),
  /** vmlinuz, ramdisk.img, undionly.kpxe, snponly.efi. */
  boot: (paths: Paths) => join(paths.state, "boot"),
  /** NAME.raw.zst with NAME.json beside it. */
  images: (paths: Paths) => join(paths.state, "images"),
  registry: (paths: Paths) => join(paths.state, "registry"),
  lab: (paths: Paths) => join(paths.state, "lab"),
  /** Which digest of each service image hosts run. */
  imagesLock: (paths: Paths) => join(paths.state, "images.lock"),
  /** What the operator writes: bifrost.yaml and, below config/, override files. */
  site: (paths: Paths) => join(paths.state, "site"),
  /** DIGEST.json: which options the services in an image know. */
  options: (paths: Paths) => join(paths.state, "options"),
  /** DIGEST.json: what the migrations in an image make of empty databases. */
  schemas: (paths: Paths) => join(paths.state, "schemas"),
  /** openrc.sh and clouds.yaml. */
  access: (paths: Paths) => join(paths.state, "access"),
}
