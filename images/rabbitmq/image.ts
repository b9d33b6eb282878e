import { defineImage } from "../../src/build/containers/definition.ts"

export default defineImage({
  name: "rabbitmq",
  summary: "RabbitMQ server",
  from: "base",
  packages: ["rabbitmq-server"],
  rpm: { packages: ["rabbitmq-server"] },
  user: { name: "rabbitmq", id: 42439, home: "/var/lib/rabbitmq" },
  files: { "/usr/local/bin/kolla_extend_start": { source: "extend_start", mode: "0755" } },
  run: [
    "install -d -o rabbitmq -g rabbitmq /etc/rabbitmq /var/log/kolla/rabbitmq",
    "rm -rf /var/lib/rabbitmq/* /var/lib/rabbitmq/.erlang.cookie",
  ],
  // The package's wrapper insists on becoming rabbitmq through su; the user is rabbitmq already.
  environment: { PATH: "/usr/lib/rabbitmq/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
  health: "healthcheck_listen beam.smp 5672",
})
