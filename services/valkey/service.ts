import {
  type ContainerDefinition,
  defineService,
  type FileDefinition,
  type ServiceContext,
} from "../../src/deploy/service.ts"
import { logVolume } from "../common/openstack.ts"

const ports = { server: 6379, sentinel: 26_379 } as const
/** What Sentinel calls the servers: kolla-ansible's name, which clients have in their URLs. */
const group = "kolla"
const secretName = "valkey_master_password"

type Line = readonly (string | number)[]
const lines = (all: readonly Line[]) => all.map((words) => `${words.join(" ")}\n`).join("")

/** Both programs write what they learn into their file: they get a copy, and the one that is laid down stays as it is. */
const generated = "/etc/valkey/valkey-regenerated-by-config-rewrite.conf"

const file = (name: string, perm: string, content: (context: ServiceContext) => string): FileDefinition => ({
  ...{ name, dest: `/etc/valkey/${name}`, owner: "valkey:valkey", perm, content },
})

/** The first host's server begins as the primary; from then on Sentinel says which one is. */
function serverConfig({ host, carriers, secret, facts }: ServiceContext): string {
  const [first] = carriers("valkey")
  const password = secret(secretName)
  return lines([
    ["bind", host.address],
    ["port", ports.server],
    ["dir", "/var/lib/valkey"],
    ["daemonize", "no"],
    ["maxmemory", `${Math.max(64, Math.min(1024, Math.floor(facts.memoryMb / 32)))}mb`],
    // Locks and memberships, which nobody may lose: full is an error, not a reason to forget.
    ["maxmemory-policy", "noeviction"],
    ["appendonly", "yes"],
    ["requirepass", password],
    ["masterauth", password],
    ...(first && first.name !== host.name ? [["replicaof", first.address, ports.server]] : []),
  ])
}

function sentinelConfig({ host, carriers, secret }: ServiceContext): string {
  const servers = carriers("valkey")
  const password = secret(secretName)
  return lines([
    ["bind", host.address],
    ["port", ports.sentinel],
    ["dir", "/tmp"],
    ["daemonize", "no"],
    ["requirepass", password],
    ["sentinel", "sentinel-pass", password],
    [
      "sentinel",
      "monitor",
      group,
      servers[0]?.address ?? host.address,
      ports.server,
      Math.floor(servers.length / 2) + 1,
    ],
    ["sentinel", "auth-pass", group, password],
    ["sentinel", "down-after-milliseconds", group, 5000],
    ["sentinel", "failover-timeout", group, 60_000],
    ["sentinel", "parallel-syncs", group, 1],
  ])
}

/** Logs in by standard input: an argument or a variable could be seen by others. */
const question = (name: string, port: number, ask: string, expected: string) =>
  file(
    name,
    "0500",
    ({ host, secret }) => `#!/bin/bash
printf 'AUTH %s\\n${ask}\\n' '${secret(secretName)}' | valkey-cli -h ${host.address} -p ${port} | grep --extended-regexp '${expected}'
`,
  )

const unit = (
  name: string,
  config: FileDefinition,
  check: FileDefinition,
  command: string,
): Omit<ContainerDefinition, "image"> => ({
  name,
  each: true,
  command: () => command,
  environment: () => ({ VALKEY_CONF: config.dest, VALKEY_GEN_CONF: generated }),
  files: [config, check],
  healthy: () => [check.dest],
})

export default defineService({
  name: "valkey",
  summary: "locks and memberships of services' parts, with Sentinel",
  group: "control",
  enabled: ({ valkey }) => valkey,
  secrets: { [secretName]: "password" },
  containers: [
    {
      ...unit(
        "valkey",
        file("valkey.conf", "0600", serverConfig),
        // A replica that has lost its primary answers as well, with what it last knew.
        question("answers", ports.server, "ROLE", "^(master|connected)$"),
        `valkey-server ${generated}`,
      ),
      image: "valkey-server",
      listens: [ports.server],
      volumes: [logVolume, "valkey:/var/lib/valkey/"],
      permissions: [{ path: "/var/lib/valkey", owner: "valkey:valkey" }],
    },
    {
      ...unit(
        "valkey_sentinel",
        file("valkey.conf", "0600", sentinelConfig),
        // Whether it sees a primary that lives; whether others agree is not its own health.
        question("answers", ports.sentinel, "INFO sentinel", `^master0:name=${group},status=ok`),
        `valkey-sentinel ${generated}`,
      ),
      image: "valkey-sentinel",
      listens: [ports.sentinel],
      volumes: [logVolume],
      needs: ["container/valkey"],
    },
  ],
})
