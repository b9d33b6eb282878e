import { defineService, type ServiceContext } from "../../src/deploy/service.ts"

const port = 5672

/** Names of hosts resolve through /etc/hosts, which the deployer keeps. */
const nodeName = ({ host }: ServiceContext) => `rabbit@${host.name}`

export default defineService({
  name: "rabbitmq",
  summary: "messages between services' parts",
  group: "control",
  secrets: { rabbitmq_password: "password", rabbitmq_cluster_cookie: "password" },
  containers: [
    {
      name: "rabbitmq",
      image: "rabbitmq",
      command: () => "/usr/lib/rabbitmq/bin/rabbitmq-server",
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
          content: ({ host, secret }) =>
            lines({
              "listeners.tcp.1": `${host.address}:${port}`,
              default_user: "openstack",
              default_pass: secret("rabbitmq_password"),
              "default_user_tags.administrator": "true",
              "vm_memory_high_watermark.relative": "0.3",
              "log.console": "true",
              "log.console.level": "info",
              "log.file": "false",
            }),
        },
        {
          name: "rabbitmq-env.conf",
          dest: "/etc/rabbitmq/rabbitmq-env.conf",
          owner: "rabbitmq:rabbitmq",
          perm: "0600",
          content: (context) => {
            const { host, facts } = context
            const schedulers = Math.min(4, facts.cpus)
            const erlang = [
              `+S ${schedulers}:${schedulers}`,
              // Idle schedulers sleep at once: spinning ones cost a small host its other CPU.
              "+sbwt none +sbwtdcpu none +sbwtdio none",
              `-kernel inet_dist_use_interface {${host.address.replaceAll(".", ",")}}`,
            ]
            return shellLines({
              NODENAME: nodeName(context),
              ERL_EPMD_ADDRESS: host.address,
              SERVER_ADDITIONAL_ERL_ARGS: erlang.join(" "),
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
      ],
      healthy: () => ["healthcheck_listen", "beam.smp", String(port)],
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
