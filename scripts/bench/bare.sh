#!/bin/bash
# bare.sh: the yardstick of `npm run bench`. The containers of a deployed cloud, by plain `docker run` commands (run/NAME) and
# with its configuration files, in the order that someone would write down who knows what needs what: side by side where
# nothing speaks against it, without a plan, health checks or a word on what went wrong. DOCKER_HOST is the host's engine.
set -o errexit -o nounset -o pipefail
cd "$(dirname "$0")"

# What the site does not have is not started.
run() {
    for name; do
        [[ -e run/$name ]] || continue
        bash "run/$name" > /dev/null
        mv "run/$name" started/
    done
}

# Tasks end by themselves, and well.
task() {
    for name; do
        run "$name"
        [[ $(docker wait "$name") == 0 ]] || { docker logs --tail 20 "$name" >&2; exit 1; }
    done
}

sql() { docker exec --interactive mariadb mariadb --no-defaults --user=mysql "$@"; }

# migrate TASK DATABASE…: loads the databases where there are dumps, or runs the task that migrates them.
migrate() {
    local name=$1 database
    shift
    for database; do
        [[ -e schemas/$database.sql ]] || { task "$name"; return; }
    done
    for database; do sql "$database" < "schemas/$database.sql"; done
    mv "run/$name" started/
}

# Ends with an error when any of what runs in the background did.
all() {
    local job
    for job in $(jobs -p); do wait "$job"; done
}

mkdir -p started
run mariadb rabbitmq memcached ovn_nb_db ovn_sb_db ovn_northd
until sql < databases.sql 2> /dev/null; do sleep 0.2; done

(
    migrate bootstrap_keystone keystone
    task bootstrap_keystone_admin
    run keystone
    python3 catalog.py catalog.json
) &
(migrate bootstrap_glance glance && run glance_api) &
(migrate bootstrap_placement placement && run placement_api) &
(migrate bootstrap_neutron neutron && run neutron_server) &
(migrate bootstrap_cinder cinder && run cinder_api) &
(migrate bootstrap_heat heat && run heat_api heat_api_cfn) &
(
    migrate nova_api_bootstrap nova_api nova_cell0
    task nova_map_cells &
    migrate nova_cell_bootstrap nova
    wait
    run nova_api nova_metadata nova_novncproxy
) &
all

# What ends where Keystone does not know it, and all that only works once the APIs do. Hypervisors are told last.
for path in run/*; do
    [[ $path == run/nova_discover_hosts ]] || run "${path#run/}"
done
task nova_discover_hosts
