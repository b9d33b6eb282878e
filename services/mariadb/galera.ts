import type { OsloConfig } from "../../src/deploy/oslo.ts"
import type { FileDefinition, ServiceContext } from "../../src/deploy/service.ts"
import { hostPort, urlHost } from "../../src/util/host-port.ts"

/** Galera: https://galeracluster.com/library/documentation/ */

/** Between members: replication, incremental and full copies of the data. */
export const memberPorts = [4567, 4568, 4444] as const
const [replication, incremental, full] = memberPorts

/** One server needs none, and is not slowed by what a cluster asks of it. */
export const isCluster = ({ carriers }: Pick<ServiceContext, "carriers">) => carriers("mariadb").length > 1

export function clusterConfig({ host, carriers }: ServiceContext): OsloConfig[string] {
  const members = carriers("mariadb").map(({ address }) => hostPort(address, replication))
  const provider = {
    "gmcast.listen_addr": `tcp://${hostPort(host.address, replication)}`,
    "ist.recv_addr": hostPort(host.address, incremental),
    // After all went down at once it waits for the others for as long as they may take to boot.
    "pc.wait_prim_timeout": "PT1H",
  }
  return {
    binlog_format: "ROW",
    default_storage_engine: "InnoDB",
    innodb_autoinc_lock_mode: 2,
    // Not a line for each connection that ends without a word.
    log_warnings: 1,
    wsrep_on: "ON",
    wsrep_provider: "/usr/lib/galera/libgalera_smm.so",
    wsrep_provider_options: Object.entries(provider)
      .map(([name, value]) => `${name}=${value}`)
      .join(";"),
    wsrep_cluster_name: "openstack",
    wsrep_cluster_address: `gcomm://${members.join(",")}`,
    wsrep_node_name: host.name,
    wsrep_node_address: urlHost(host.address),
    // It leaves the member that it copies from at work. As the account mysql, by the socket, without a password.
    wsrep_sst_method: "mariabackup",
    wsrep_sst_auth: "mysql:",
    wsrep_sst_receive_address: hostPort(host.address, full),
  }
}

/**
 * Which member begins a cluster is decided before any starts (src/deploy/cluster-step.ts), and by Galera when it ends well: the last
 * to leave may begin. Everyone else waits for one that serves, and joins it.
 */
export const clusterStart: FileDefinition = {
  name: "mariadb-start",
  dest: "/usr/local/bin/mariadb-start",
  owner: "root:root",
  perm: "0755",
  content: (context) => {
    if (!isCluster(context)) return undefined
    const { host, carriers } = context
    const peers = carriers("mariadb").filter(({ name }) => name !== host.name)
    return `#!/bin/bash
data=/var/lib/mysql
server=(/usr/sbin/mariadbd --defaults-file=/etc/mysql/my.cnf)

# Both: a server that is no member yet, or waits for a cluster itself, has one of them at most.
serves() { timeout 2 bash -c ": < /dev/tcp/$1/3306 && : < /dev/tcp/$1/${replication}" 2> /dev/null; }
state() { sed -n "s/^$1: *//p" "$data/grastate.dat" 2> /dev/null; }

# A member that was cut off finds out where it stands, so that it is brought what it lacks instead of everything.
position=()
if [[ $(state seqno) == -1 && -n $(state uuid | tr -d '0-') ]]; then
    found=$("\${server[@]}" --wsrep-recover --disable-log-error 2>&1 | sed -n 's/.*WSREP: Recovered position: *//p' | tail -1)
    [[ $found ]] && position=("--wsrep-start-position=$found")
fi

told=
while :; do
    for peer in ${peers.map(({ address }) => address).join(" ")}; do
        if serves "$peer"; then exec "\${server[@]}" "\${position[@]}"; fi
    done
    if [[ $(state safe_to_bootstrap) == 1 ]]; then exec "\${server[@]}" "\${position[@]}" --wsrep-new-cluster; fi
    # All ended at once: Galera knows who was in it, and goes on when they are all back.
    if [[ -s $data/gvwstate.dat ]]; then exec "\${server[@]}" "\${position[@]}"; fi
    [[ $told ]] || echo "no member serves, and this one may not begin: waiting for one that does"
    told=1
    sleep 1
done
`
  },
}
