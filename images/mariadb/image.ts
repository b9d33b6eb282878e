import { defineImage } from "../../src/build/containers/definition.ts"

/** The server's core packages only: `mariadb-server` brings Perl, init scripts and 400 MB that a container never runs. */
export default defineImage({
  name: "mariadb",
  summary: "MariaDB server and client",
  from: "base",
  packages: ["galera-4", "mariadb-backup", "mariadb-client-core", "mariadb-server-core", "socat"],
  extract: {
    // By which Galera brings a new member all data.
    "mariadb-server": ["./usr/bin/wsrep_sst_common", "./usr/bin/wsrep_sst_mariabackup"],
    "mariadb-client": ["./usr/bin/mariadb-dump"],
  },
  prune: ["/etc/mysql/mariadb.conf.d", "/var/lib/mysql/*"],
  rpm: { packages: ["mariadb-backup", "mariadb-server", "mariadb-server-galera"] },
  user: { name: "mysql", id: 42434, home: "/var/lib/mysql" },
  files: { "/usr/local/bin/kolla_extend_start": { source: "extend_start", mode: "0755" } },
  run: ["install -d -o mysql -g mysql /run/mysqld /var/log/kolla/mariadb"],
  health: "healthcheck_listen mariadbd 3306",
})
