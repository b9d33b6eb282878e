import { mariadbClient } from "../../src/deploy/mariadb-client.ts"
import { defineService } from "../../src/deploy/service.ts"
import { clusterConfig, clusterStart, isCluster, memberPorts } from "./galera.ts"
import { checkAccount } from "./member-check.ts"

const server = "/usr/sbin/mariadbd --defaults-file=/etc/mysql/my.cnf"

export default defineService({
  name: "mariadb",
  summary: "the database of all services",
  group: "control",
  // Through the load balancer one member is written to at a time: two that change the same row would both be right.
  fronts: [{ container: "mariadb", port: 3306, tcp: true, localPort: 3307 }],
  containers: [
    {
      name: "mariadb",
      image: "mariadb",
      each: true,
      command: (context) => (isCluster(context) ? clusterStart.dest : server),
      listens: [3306, ...memberPorts],
      volumes: ["mariadb:/var/lib/mysql"],
      permissions: [{ path: "/var/lib/mysql", owner: "mysql:mysql" }],
      files: [
        {
          name: "my.cnf",
          dest: "/etc/mysql/my.cnf",
          owner: "mysql:mysql",
          perm: "0600",
          content: (context) => {
            const { host, facts } = context
            return {
              mariadbd: {
                datadir: "/var/lib/mysql",
                socket: "/run/mysqld/mysqld.sock",
                "pid-file": "/run/mysqld/mariadbd.pid",
                "bind-address": host.address,
                "character-set-server": "utf8mb4",
                "skip-name-resolve": "ON",
                max_connections: facts.memoryMb < 8192 ? 256 : 4096,
                // An eighth of the host: the all-in-one control plane shares it with everything else.
                innodb_buffer_pool_size: `${Math.max(64, Math.min(4096, Math.floor(facts.memoryMb / 8)))}M`,
                innodb_log_file_size: facts.memoryMb < 8192 ? "48M" : "256M",
                innodb_flush_method: "O_DIRECT",
                // s. A client on a loaded host may need longer than ten to say who it is.
                connect_timeout: 60,
                // 200 MB of tables that nobody reads on a small host.
                performance_schema: "OFF",
                ...(isCluster(context) && clusterConfig(context)),
                ...(checkAccount.content(context) !== undefined && { init_file: checkAccount.dest }),
              },
            }
          },
        },
        clusterStart,
        checkAccount,
      ],
      healthy: () => [...mariadbClient, "--execute=SELECT 1"],
    },
  ],
})
