import { createHash } from "node:crypto"
import type Docker from "dockerode"
import { renderOslo } from "./oslo.ts"
import type { FileContent } from "./overrides.ts"
import {
  type ContainerDefinition,
  type FileDefinition,
  filesOf,
  type HostAccess,
  type ServiceContext,
  type UnitDefinition,
} from "./service.ts"

/** Labels are the memory of what a container was made from; nothing else on the host remembers. */
export const labels = {
  owner: "io.bifrost-ts.owner",
  image: "io.bifrost-ts.image",
  environment: "io.bifrost-ts.environment",
  mounts: "io.bifrost-ts.mounts",
  /** What the engine is told besides those three. */
  spec: "io.bifrost-ts.spec",
  config: "io.bifrost-ts.config",
  task: "io.bifrost-ts.task",
  /** Of a migration that began with empty databases: the life of the volume that they are in. */
  blank: "io.bifrost-ts.blank",
  /** Of a task that did not have to run: why. */
  spared: "io.bifrost-ts.spared",
} as const
export const ownerValue = "site"

/** A unit with all its values: what one host should have. */
export interface Unit {
  readonly name: string
  /** On the host: /etc/kolla/<name>; mounted read-only where kolla_set_configs looks. */
  readonly folder: string
  readonly files: readonly HostFile[]
  readonly options: Docker.ContainerCreateOptions
  readonly labels: Readonly<Record<string, string>>
}

export interface HostFile {
  readonly path: string
  readonly content: string
  /** Nothing of it is shown. */
  readonly secret?: true
}

const configFolder = "/var/lib/kolla/config_files/"
/** Generous, as it only bounds what hangs: one that ends is told at once. Erlang under emulation takes minutes. */
const defaultStartSeconds = 600
const nanoseconds = 1e9

export function renderUnit(
  definition: UnitDefinition & Partial<ContainerDefinition>,
  image: string,
  context: ServiceContext,
  amended: Amend = unamended,
): Unit {
  const folder = `/etc/kolla/${definition.name}`
  const files = renderFiles(definition, folder, context, amended)
  const environment = Object.entries({
    KOLLA_CONFIG_STRATEGY: "COPY_ALWAYS",
    KOLLA_SERVICE_NAME: definition.name,
    ...(trusted(definition, context) && { REQUESTS_CA_BUNDLE: systemAuthorities }),
    ...definition.environment?.(context),
  }).map(([key, value]) => `${key}=${value}`)
  const mounts = [`${folder}/:${configFolder}:ro`, ...(definition.volumes ?? [])]
  const rest: Docker.ContainerCreateOptions = {
    HostConfig: {
      NetworkMode: "host",
      RestartPolicy: { Name: definition.healthy ? "unless-stopped" : "no" },
      LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "3" } },
      // An engine without a limit gives its containers a billion descriptors; Erlang and MariaDB size tables by them.
      Ulimits: [{ Name: "nofile", Soft: 16_384, Hard: 16_384 }],
      ...hostAccess(definition.access ?? {}),
    },
    ...(definition.access?.user && { User: definition.access.user }),
    ...(definition.healthy && { Healthcheck: healthcheck(definition.healthy(context), definition.startSeconds) }),
  }
  const fingerprints = {
    [labels.owner]: ownerValue,
    [labels.image]: image,
    [labels.environment]: digest(JSON.stringify(environment)),
    [labels.mounts]: digest(JSON.stringify(mounts)),
    [labels.spec]: digest(JSON.stringify(rest)),
    [labels.config]: digest(JSON.stringify(files)),
  }
  const HostConfig = { ...rest.HostConfig, Binds: mounts }
  const options = { ...rest, name: definition.name, Image: image, Env: environment, HostConfig }
  return { name: definition.name, folder, files, options, labels: fingerprints }
}

function hostAccess(access: HostAccess): Docker.HostConfig {
  const { capabilities, devices, allDevices, namespaces = [], unconfined } = access
  const shares = (namespace: (typeof namespaces)[number]) => namespaces.includes(namespace)
  return {
    ...(capabilities && { CapAdd: [...capabilities] }),
    ...(devices && {
      Devices: devices.map((path) => ({ PathOnHost: path, PathInContainer: path, CgroupPermissions: "rwm" })),
    }),
    ...(allDevices && { DeviceCgroupRules: ["a *:* rwm"] }),
    ...(shares("pid") && { PidMode: "host" }),
    ...(shares("ipc") && { IpcMode: "host" }),
    ...(shares("cgroup") && { CgroupnsMode: "host" }),
    ...(unconfined && {
      SecurityOpt: ["seccomp=unconfined", "apparmor=unconfined"],
      MaskedPaths: [],
      ReadonlyPaths: [],
    }),
  }
}

export const startSeconds = (definition: ContainerDefinition) => definition.startSeconds ?? defaultStartSeconds

function healthcheck(test: readonly string[], seconds = defaultStartSeconds) {
  return {
    Test: ["CMD", ...test],
    Interval: 30 * nanoseconds,
    Timeout: 30 * nanoseconds,
    Retries: 3,
    // While it starts it is asked more often (Engine 25 and later), so that nobody waits for a whole interval; but each
    // question starts a process, which an emulated host feels.
    StartPeriod: seconds * nanoseconds,
    StartInterval: 5 * nanoseconds,
  }
}

/** A file's content with the operator's overrides in it. */
export type Amend = (file: string, builtin: FileContent) => FileContent
const unamended: Amend = (_file, builtin) => builtin

/** What Python's requests takes of a container's authorities: an environment of its own would bring its own ones. */
const systemAuthorities = "/etc/ssl/certs/ca-certificates.crt"

/** PEM of authorities that a unit has to trust besides the public ones; none for who asks no API. */
const trusted = ({ asksApis }: UnitDefinition, { authorities }: ServiceContext) => (asksApis ? authorities : "")

function renderFiles(definition: UnitDefinition, folder: string, context: ServiceContext, amended: Amend): HostFile[] {
  const present = filesOf(definition, context).flatMap((file) => {
    const content = contentOf(file, context, amended)
    return content === undefined ? [] : [{ ...file, content }]
  })
  const own = present.map(({ name, content, secret }) => ({
    path: `${folder}/${name}`,
    content: typeof content === "string" ? content : renderOslo(content),
    ...(secret && { secret }),
  }))
  const config = {
    command: definition.command(context),
    config_files: present.map(({ name, dest, owner, perm }) => ({
      source: `${configFolder}${name}`,
      dest,
      owner,
      perm,
    })),
    ...(definition.permissions && { permissions: definition.permissions }),
  }
  const authorities = trusted(definition, context)
  // Kolla's start contract (kolla_copy_cacerts): what is in this folder becomes trusted before the program starts.
  const trust = authorities === "" ? [] : [{ path: `${folder}/ca-certificates/site.crt`, content: authorities }]
  return [{ path: `${folder}/config.json`, content: `${JSON.stringify(config, null, 2)}\n` }, ...own, ...trust]
}

/** undefined too for a given file that is not there, or is not what it has to be: the site's check has told of that. */
function contentOf({ name, content, given }: FileDefinition, context: ServiceContext, amended: Amend): FileContent {
  if (!given) return amended(name, content(context))
  const text = amended(given.name, undefined)
  return typeof text === "string" ? given.take(text) : undefined
}

export function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex")
}
