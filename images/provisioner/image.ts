/** The container that holds the service: API, conductor, DHCP, TFTP, HTTP, registry, deployer. */
export interface ProvisionerDefinition {
  readonly suite: string
  readonly packages: readonly string[]
  readonly exclude: readonly string[]
  /** The project's own files in it, from the project's root; `node_modules` holds what production needs. */
  readonly files: readonly string[]
  /** An unprivileged user, with a fixed number because the state directory on the host belongs to it. */
  readonly user: { readonly name: string; readonly id: number }
  /** Programs that open raw sockets and ports below 1024, with the capabilities they have for it. */
  readonly capabilities: Readonly<Record<string, string>>
}

export const provisionerDefinition: ProvisionerDefinition = {
  suite: "trixie",
  packages: [
    "ca-certificates",
    "docker-registry",
    "radvd",
    "xorriso",
    "iproute2",
    "libstdc++6",
    "libcap2-bin",
    "procps",
  ],
  exclude: [
    "/usr/share/doc/*",
    "/usr/share/man/*",
    "/usr/share/info/*",
    "/usr/share/locale/*",
    "/usr/share/lintian/*",
    "/usr/share/bug/*",
  ],
  files: ["package.json", "package-lock.json", "bin", "src", "images", "pxe", "services"],
  user: { name: "bifrost", id: 64000 },
  capabilities: {
    "/usr/bin/node": "cap_net_bind_service,cap_net_raw+ep",
    "/usr/sbin/radvd": "cap_net_raw+ep",
  },
}
