import type { FileDefinition, ServiceContext, TaskDefinition } from "../../src/deploy/service.ts"
import { logVolume } from "../common/openstack.ts"
import { controlConfig } from "./config.ts"

/** Cells v2: https://docs.openstack.org/nova/latest/admin/cells.html */

const script = (name: string, content: (context: ServiceContext) => string): FileDefinition => ({
  name,
  dest: `/etc/nova/${name}`,
  owner: "nova:nova",
  perm: "0500",
  content,
})

/**
 * Cells are told how they are reached by templates, which nova fills from its own configuration: no password lies in another
 * database, and a changed one needs nothing here.
 */
export const mapCells = script("map-cells", ({ carriers }) => {
  const brokers = carriers("rabbitmq").map((_, index, { length }) => {
    const number = length > 1 ? index + 1 : ""
    return `{username${number}}:{password${number}}@{hostname${number}}:{port${number}}`
  })
  return `#!/bin/bash
set -o errexit -o pipefail
database='{scheme}://{username}:{password}@{hostname}:{port}'
cell0() { nova-manage cell_v2 "$@" --database_connection "$database/nova_cell0?{query}"; }
cell1() {
    nova-manage cell_v2 "$@" --name cell1 --database_connection "$database/nova?{query}" \\
        --transport-url '{scheme}://${brokers.join(",")}//?{query}'
}
cell0 map_cell0
uuid=$(nova-manage cell_v2 list_cells | awk -F '|' '{ gsub(/ /, "") } $2 == "cell1" { print $3 }')
if [[ "$uuid" ]]; then
    cell1 update_cell --cell_uuid "$uuid"
else
    cell1 create_cell
fi
`
})

/** A hypervisor is known once its nova-compute has told the database, which is later than that it talks to the bus. */
export const discoverHosts = script("discover-hosts", (context) => {
  return `#!/bin/bash
set -o errexit -o pipefail
for attempt in {1..60}; do
    nova-manage cell_v2 discover_hosts --verbose
    known=$(nova-manage cell_v2 list_hosts | awk -F '|' '{ gsub(/ /, "") } { print $4 }')
    missing=()
    for host in ${hypervisors(context).join(" ")}; do
        grep --quiet --line-regexp --fixed-strings "$host" <<< "$known" || missing+=("$host")
    done
    [[ "\${missing[*]}" ]] || exit 0
    sleep 5
done
echo "nova-compute has not registered itself on: \${missing[*]}"
exit 1
`
})

const hypervisors = ({ carriers }: ServiceContext) => carriers("nova_compute").map(({ name }) => name)

export const cellTasks: readonly TaskDefinition[] = [
  {
    name: "nova_map_cells",
    image: "nova-conductor",
    command: () => mapCells.dest,
    files: [controlConfig, mapCells],
    volumes: [logVolume],
    needs: ["task/nova_api_bootstrap"],
    perImage: false,
    fingerprint: (context) => [String(mapCells.content(context))],
  },
  {
    name: "nova_discover_hosts",
    image: "nova-conductor",
    command: () => discoverHosts.dest,
    files: [controlConfig, discoverHosts],
    volumes: [logVolume],
    needs: ["task/nova_map_cells", "task/nova_cell_bootstrap", "container/nova_compute"],
    perImage: false,
    fingerprint: hypervisors,
  },
]
