import { isIPv6 } from "node:net"
import type { FileDefinition, ServiceContext, TaskDefinition } from "../../src/deploy/service.ts"
import { logVolume, messagePort } from "../common/openstack.ts"
import { controlConfig, databases } from "./config.ts"

/** Cells v2: https://docs.openstack.org/nova/latest/admin/cells.html */

const script = (name: string, content: (context: ServiceContext) => string): FileDefinition => ({
  name,
  dest: `/etc/nova/${name}`,
  owner: "nova:nova",
  perm: "0500",
  content: (context) => `${cellV2}\n${content(context)}`,
})

/** Most of the seconds of a call of nova-manage go into imports; here they are made once for all calls of a script. */
const cellV2 = `#!/usr/bin/env python3
import os, sys, time
from nova.cmd import manage

def cell_v2(*args):
    """nova-manage cell_v2 ARGS: the rows of the table that it prints. Its options can be read once in a process: each call has its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writing, 1)
        sys.argv = ["nova-manage", "cell_v2", *args]
        try:
            code = manage.main()
        except SystemExit as end:
            code = end.code
        sys.stdout.flush()
        os._exit(code if isinstance(code, int) else 1 if code else 0)
    os.close(writing)
    with open(reading) as output:
        printed = output.read()
    _, status = os.waitpid(child, 0)
    print(printed, end="", flush=True)
    if status != 0:
        sys.exit(f"nova-manage cell_v2 {args[0]} ended with exit code {os.waitstatus_to_exitcode(status)}")
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in printed.splitlines() if line.startswith("|")]
`

/**
 * Cells are told how they are reached by templates, which nova fills from its own configuration: no password lies in another
 * database, and a changed one needs nothing here.
 */
export const mapCells = script("map-cells", ({ carriers, databaseUrl }) => {
  const brokers = carriers("rabbitmq").map(({ address }, index, { length }) => {
    const number = length > 1 ? index + 1 : ""
    // nova takes an address out of its brackets and, of several, leaves the colon on the port (nova/objects/cell_mapping.py).
    const where = isIPv6(address) ? `[{hostname${number}}]:${messagePort}` : `{hostname${number}}:{port${number}}`
    return `{username${number}}:{password${number}}@${where}`
  })
  const server = databaseUrl(databases.cell1).includes("@[") ? "[{hostname}]" : "{hostname}"
  return `database = "{scheme}://{username}:{password}@${server}:{port}"
cell_v2("map_cell0", "--database_connection", database + "/nova_cell0?{query}")
known = [uuid for name, uuid, *_ in cell_v2("list_cells") if name == "cell1"]
verb = ["update_cell", "--cell_uuid", known[0]] if known else ["create_cell"]
transport = "{scheme}://${brokers.join(",")}//?{query}"
cell_v2(*verb, "--name", "cell1", "--database_connection", database + "/nova?{query}", "--transport-url", transport)
`
})

/** A hypervisor is known once its nova-compute has told the database, which is later than that it talks to the bus. */
export const discoverHosts = script("discover-hosts", (context) => {
  return `hypervisors = ${JSON.stringify(hypervisors(context))}
deadline = time.monotonic() + 300
while True:
    cell_v2("discover_hosts", "--verbose")
    known = [host for _, _, host in cell_v2("list_hosts")]
    missing = [host for host in hypervisors if host not in known]
    if not missing:
        break
    if time.monotonic() > deadline:
        sys.exit("nova-compute has not registered itself on: " + " ".join(missing))
    time.sleep(1)
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
