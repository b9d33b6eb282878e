import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type Docker from "dockerode"
import type { Clock } from "../util/clock.ts"
import { containerUp } from "./containers.ts"

export interface HostContainer {
  /** The container's name; its volume for the engine inside is called the same, with "-docker" behind it. */
  readonly name: string
  readonly hostname: string
  /** Reference of the image `host`. */
  readonly image: string
  /** As `writeHostFiles` fills it. */
  readonly folder: string
  /** A network of the engine's, or "none" for one that is plugged in elsewhere, with the address that it then gets. */
  readonly network: string
  readonly address?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly devices?: readonly string[]
}

/**
 * What an engine inside needs for mounts, cgroups and netfilter, and may hand on to the services' containers. By name, as
 * engines differ in what ALL means where a machine itself lacks some; not the machine's clock, memory or limits.
 */
const hostCapabilities = [
  ...["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "IPC_LOCK", "IPC_OWNER", "KILL"],
  ...["LEASE", "MKNOD", "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP"],
  ...["SETUID", "SYS_ADMIN", "SYS_CHROOT", "SYS_MODULE", "SYS_NICE", "SYS_PTRACE"],
]

/** What the engine is told so that a container can be a host: an engine and machines run inside, with networks of their own. */
export function hostContainerOptions(host: HostContainer): Docker.ContainerCreateOptions & { readonly name: string } {
  const Labels = { ...host.labels }
  return {
    name: host.name,
    Hostname: host.hostname,
    Image: host.image,
    Labels,
    HostConfig: {
      NetworkMode: host.network,
      // On a network of its own the engine tells a container what its name means; else nobody does.
      ...(host.address && { ExtraHosts: [`${host.hostname}:${host.address}`] }),
      Binds: [`${host.folder}:/host:ro`],
      Mounts: [
        {
          Type: "volume",
          Source: volumeOf(host.name),
          Target: "/var/lib/docker",
          VolumeOptions: { NoCopy: true, Labels, DriverConfig: { Name: "local", Options: {} } },
        },
      ],
      // Emptied by each start, as a machine's: pids of the engine's last life would keep the next one from starting.
      Tmpfs: { "/run": "mode=755" },
      CapDrop: ["ALL"],
      CapAdd: [...hostCapabilities],
      SecurityOpt: ["seccomp=unconfined", "apparmor=unconfined"],
      MaskedPaths: [],
      ReadonlyPaths: [],
      DeviceCgroupRules: ["a *:* rwm"],
      Devices: ["/dev/net/tun", ...(host.devices ?? [])].map((path) => ({
        PathOnHost: path,
        PathInContainer: path,
        CgroupPermissions: "rwm",
      })),
    },
  }
}

export const volumeOf = (container: string) => `${container}-docker`

/** The host's key and whom it lets in, as host-start and sshd look for them. */
export async function writeHostFiles(
  folder: string,
  files: { hostKey: string; authorizedKeys: string },
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(join(folder, "ssh_host_ed25519_key"), files.hostKey, { mode: 0o600 })
  await writeFile(join(folder, "authorized_keys"), `${files.authorizedKeys.trim()}\n`, { mode: 0o600 })
}

/** Resolves once engine and sshd run. Rejects with LAB_HOST_FAILED, which carries the last lines that the host said. */
export const hostUp = (container: Docker.Container, clock: Clock, signal?: AbortSignal): Promise<void> =>
  containerUp(container, ["/run/docker.sock", "/run/sshd.pid"], clock, signal)
