import { defineService } from "../../src/deploy/service.ts"

export default defineService({
  name: "mariadb",
  summary: "the database of all services",
  group: "control",
  containers: [
    {
      name: "mariadb",
      image: "mariadb",
      command: () => "/usr/sbin/mariadbd --defaults-file=/etc/mysql/my.cnf",
      listens: [3306],
      volumes: ["mariadb:/var/lib/mysql"],
      permissions: [{ path: "/var/lib/mysql", owner: "mysql:mysql" }],
      files: [
        {
          name: "my.cnf",
          dest: "/etc/mysql/my.cnf",
          owner: "mysql:mysql",
          perm: "0600",
          content: ({ host, facts }) => ({
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
              // 200 MB of tables that nobody reads on a small host.
              performance_schema: "OFF",
            },
          }),
        },
      ],
      healthy: () => ["mariadb", "--no-defaults", "--user=mysql", "--execute=SELECT 1"],
    },
  ],
})
