import { createHash } from "node:crypto"
import type { ContainerCreateOptions } from "dockerode"
import type { Paths } from "../util/paths.ts"

/** Names on the engine. One provisioner a state directory; a lab's has the lab's name in it. */
export interface ProvisionerNames {
  readonly service: string
  /** Holds the network namespace, so that a restart of the service keeps its interfaces. */
  readonly network: string
}

export interface ProvisionerOptions {
  readonly paths: Paths
  readonly image: string
  /** The lab whose bridge the container is attached to; without one the host's own network is used. */
  readonly lab?: string
  readonly interface: string
  /** DHCP pool for machines that are not enrolled, FIRST-LAST. */
  readonly range?: string
  readonly discover?: boolean
  readonly automatedClean?: boolean
  /** TCP port on the host's 127.0.0.1 for other clients of the API. */
  readonly apiPort?: number
}

export const label = "ts.bifrost.provisioner"

/** The unprivileged user in the image, and the owner of what the service writes on the host. */
export const serviceUser = 64000

export function namesFor(lab: string | undefined): ProvisionerNames {
  const suffix = lab === undefined ? "" : `-${lab}`
  return { service: `bifrost-ts${suffix}`, network: `bifrost-ts-net${suffix}` }
}

/**
 * What the service needs, and nothing more: raw sockets and the ports below 1024. DHCP and TFTP live there, and radvd
 * sends ICMPv6. The image's programs carry them as file capabilities, so the process itself is not root's; that is why
 * the service does without "no-new-privileges", which turns file capabilities off.
 */
const capabilities = ["NET_BIND_SERVICE", "NET_RAW"]

export function networkHolder(options: ProvisionerOptions): ContainerCreateOptions {
  return fingerprinted({
    name: namesFor(options.lab).network,
    Image: options.image,
    Cmd: ["sleep", "infinity"],
    User: String(serviceUser),
    HostConfig: {
      NetworkMode: "none",
      CapDrop: ["ALL"],
      ReadonlyRootfs: true,
      SecurityOpt: ["no-new-privileges"],
      RestartPolicy: { Name: "unless-stopped" },
      Init: true,
      // Router advertisements need an IPv6 link-local address, which the engine turns off in a namespace without networks.
      Sysctls: { "net.ipv6.conf.all.disable_ipv6": "0", "net.ipv6.conf.default.disable_ipv6": "0" },
    },
  })
}

export function service(options: ProvisionerOptions): ContainerCreateOptions {
  return fingerprinted({
    name: namesFor(options.lab).service,
    Image: options.image,
    Cmd: serveCommand(options),
    User: String(serviceUser),
    Env: [`BIFROST_STATE=${options.paths.state}`],
    HostConfig: {
      NetworkMode: options.lab === undefined ? "host" : `container:${namesFor(options.lab).network}`,
      CapDrop: ["ALL"],
      CapAdd: capabilities,
      ReadonlyRootfs: true,
      Tmpfs: { "/tmp": "size=256m" },
      Binds: [`${options.paths.state}:${options.paths.state}`],
      RestartPolicy: { Name: "unless-stopped" },
      LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "5" } },
      Init: true,
    },
  })
}

/** `bifrost-ts serve` with the options that `up` was given. */
function serveCommand({ interface: name, range, discover, automatedClean, apiPort }: ProvisionerOptions): string[] {
  return [
    ...["serve", "--interface", name],
    ...(range === undefined ? [] : ["--range", range]),
    ...(discover ? ["--discover"] : []),
    ...(automatedClean ? ["--automated-clean"] : []),
    ...(apiPort === undefined ? [] : ["--api-port", String(apiPort)]),
  ]
}

/** The specification's own hash as a label: `up` leaves a container alone whose label says that it is the same. */
function fingerprinted(spec: ContainerCreateOptions): ContainerCreateOptions {
  const fingerprint = createHash("sha256").update(JSON.stringify(spec)).digest("hex")
  return { ...spec, Labels: { [label]: fingerprint } }
}
