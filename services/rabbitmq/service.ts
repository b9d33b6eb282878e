import type { InventoryHost } from "../../src/deploy/inventory.ts"
import { defineService, type FileDefinition, type ServiceContext } from "../../src/deploy/service.ts"
import { answersFile } from "./answers.ts"
import { distribution, erlangAddress, resolver } from "./erlang.ts"

const port = 5672
const login = { port, user: "openstack", password: "rabbitmq_password" } as const
const answers = answersFile(login)

/** Names of hosts resolve through /etc/hosts, which the deployer keeps. */
const nodeName = ({ name }: InventoryHost) => `rabbit@${name}`

/** https://www.rabbitmq.com/docs/cluster-formation; nothing of it where one host carries the broker. */
function clusterSettings({ carriers }: ServiceContext): Readonly<Record<string, string>> {
  const members = carriers("rabbitmq")
  if (members.length < 2) return {}
  return {
    // A node without data looks for these, and joins the first that has a cluster.
    "cluster_formation.peer_discovery_backend": "classic_config",
    ...Object.fromEntries(
      members.map((member, index) => [`cluster_formation.classic_config.nodes.${index + 1}`, nodeName(member)]),
    ),
    "cluster_formation.target_cluster_size_hint": String(members.length),
    // Who sees less than half of the others stops, instead of going on beside them.
    cluster_partition_handling: "pause_minority",
    // Queues from before a host joined get a copy there, too.
    "quorum_queue.continuous_membership_reconciliation.enabled": "true",
    "quorum_queue.continuous_membership_reconciliation.auto_remove": "true",
    "quorum_queue.continuous_membership_reconciliation.target_group_size": String(Math.min(3, members.length)),
  }
}

const server = "/usr/lib/rabbitmq/bin/rabbitmq-server"

/**
 * A node that starts while others do may find one of them half there, and ends ("node_not_running"). It is right the next time:
 * that is no failed start.
 */
const patientStart: FileDefinition = {
  name: "rabbitmq-start",
  dest: "/usr/local/bin/rabbitmq-start",
  owner: "root:root",
  perm: "0755",
  content: ({ carriers }) =>
    carriers("rabbitmq").length < 2
      ? undefined
      : `#!/bin/bash
stopping=
trap 'stopping=1; kill -TERM "$server"' TERM INT
for attempt in {1..5}; do
    ${server} &
    server=$!
    wait "$server"
    code=$?
    # A signal ends the waiting, not the server.
    if [[ $stopping ]]; then
        wait "$server"
        exit 0
    fi
    ((code == 0)) && exit 0
    echo "attempt $attempt ended with $code"
    sleep 3
done
exit "$code"
`,
}

/**
 * Read at each start, where settings of a default user are for a broker without data alone: a password that was rotated is
 * the user's as soon as the container was replaced. https://www.rabbitmq.com/docs/definitions
 */
const definitions: FileDefinition = {
  name: "definitions.json",
  dest: "/etc/rabbitmq/definitions.json",
  owner: "rabbitmq:rabbitmq",
  perm: "0600",
  secret: true,
  content: ({ secret }) => {
    const all = { configure: ".*", read: ".*", write: ".*" }
    const content = {
      users: [{ name: login.user, password: secret(login.password), tags: "administrator" }],
      vhosts: [{ name: "/" }],
      permissions: [{ user: login.user, vhost: "/", ...all }],
    }
    return `${JSON.stringify(content, null, 2)}\n`
  },
}

export default defineService({
  name: "rabbitmq",
  summary: "messages between services' parts",
  group: "control",
  secrets: { [login.password]: "password", rabbitmq_cluster_cookie: "password" },
  containers: [
    {
      name: "rabbitmq",
      image: "rabbitmq",
      each: true,
      command: ({ carriers }) => (carriers("rabbitmq").length > 1 ? patientStart.dest : server),
      // Clients, Erlang's port mapper, and other nodes.
      listens: [port, 4369, 25672],
      volumes: ["rabbitmq:/var/lib/rabbitmq"],
      permissions: [{ path: "/var/lib/rabbitmq", owner: "rabbitmq:rabbitmq" }],
      files: [
        {
          name: "rabbitmq.conf",
          dest: "/etc/rabbitmq/rabbitmq.conf",
          owner: "rabbitmq:rabbitmq",
          perm: "0600",
          content: (context) => {
            const { host } = context
            return lines({
              // IPv6 without brackets: RabbitMQ takes the last colon for the port's, and brackets for a mistake.
              "listeners.tcp.1": `${host.address}:${port}`,
              load_definitions: definitions.dest,
              "vm_memory_high_watermark.relative": "0.3",
              "log.console": "true",
              "log.console.level": "info",
              "log.file": "false",
              // Logins that fail, not each that the health check makes.
              "log.connection.level": "warning",
              ...clusterSettings(context),
            })
          },
        },
        definitions,
        {
          name: "rabbitmq-env.conf",
          dest: "/etc/rabbitmq/rabbitmq-env.conf",
          owner: "rabbitmq:rabbitmq",
          perm: "0600",
          content: (context) => {
            const { host, facts } = context
            const schedulers = Math.min(4, facts.cpus)
            const toldMore = distribution(host.address)
            const erlang = [
              `+S ${schedulers}:${schedulers}`,
              // Idle schedulers sleep at once: spinning ones cost a small host its other CPU.
              "+sbwt none +sbwtdcpu none +sbwtdio none",
              ...toldMore,
              `-kernel inet_dist_use_interface {${erlangAddress(host.address)}}`,
            ]
            return shellLines({
              NODENAME: nodeName(host),
              ERL_EPMD_ADDRESS: host.address,
              SERVER_ADDITIONAL_ERL_ARGS: erlang.join(" "),
              ...(toldMore.length > 0 && { CTL_ERL_ARGS: toldMore.join(" ") }),
            })
          },
        },
        {
          name: "erlang.cookie",
          dest: "/etc/rabbitmq/erlang.cookie",
          owner: "rabbitmq:rabbitmq",
          perm: "0400",
          content: ({ secret }) => secret("rabbitmq_cluster_cookie"),
        },
        patientStart,
        resolver,
        answers,
      ],
      healthy: () => [answers.dest],
    },
  ],
})

const lines = (settings: Readonly<Record<string, string>>) =>
  Object.entries(settings)
    .map(([key, value]) => `${key} = ${value}\n`)
    .join("")

const shellLines = (settings: Readonly<Record<string, string>>) =>
  Object.entries(settings)
    .map(([key, value]) => `${key}="${value}"\n`)
    .join("")
