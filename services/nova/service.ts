import { type ContainerDefinition, defineService } from "../../src/deploy/service.ts"
import { hostPort } from "../../src/util/host-port.ts"
import { bootstrapTask } from "../common/bootstrap.ts"
import { logVolume } from "../common/openstack.ts"
import { uwsgiCommand, uwsgiFile } from "../common/uwsgi.ts"
import { cellTasks } from "./cells.ts"
import { cell0Config, controlConfig, databases, ports, user } from "./config.ts"
import { hypervisor } from "./hypervisor.ts"
import { migration } from "./migration.ts"

const api = (name: string, wsgiScript: string, port: number): ContainerDefinition => {
  const file = `${wsgiScript.replace(/-wsgi$/, "")}-uwsgi.ini`
  const wsgi = { service: "nova", name: file, wsgi: `/usr/bin/${wsgiScript}`, port, workerMb: 200 }
  return {
    name,
    image: "nova-api",
    listens: [port],
    command: () => uwsgiCommand(wsgi),
    files: [controlConfig, uwsgiFile(wsgi)],
    volumes: [logVolume],
    needs: ["task/nova_map_cells", "task/nova_cell_bootstrap", "container/memcached", "container/rabbitmq"],
    healthy: ({ host }) => ["healthcheck_curl", `http://${hostPort(host.address, port)}/`],
  }
}

/** They end at once when Keystone does not know them. */
const worker = (name: string, binary: string): ContainerDefinition => ({
  name,
  image: binary,
  command: () => `${binary} --config-file /etc/nova/nova.conf`,
  files: [controlConfig],
  volumes: [logVolume],
  needs: [
    "task/nova_map_cells",
    "task/nova_cell_bootstrap",
    "container/rabbitmq",
    "container/memcached",
    "catalog/nova",
    "catalog/placement",
  ],
  healthy: () => ["healthcheck_port", binary, "5672"],
})

export default defineService({
  name: "nova",
  summary: "instances, and the hypervisors that run them",
  group: "control",
  databases: [databases.api, databases.cell0, databases.cell1],
  user,
  catalog: [
    {
      type: "compute",
      name: "nova",
      description: "OpenStack Compute",
      container: "nova_api",
      port: ports.api,
      path: "/v2.1",
    },
  ],
  fronts: [
    { container: "nova_metadata", port: ports.metadata },
    { container: "nova_novncproxy", port: ports.novncproxy, sticky: true },
  ],
  secrets: {
    nova_database_password: "password",
    nova_api_database_password: "password",
    nova_keystone_password: "password",
    metadata_secret: "password",
    nova_ssh_key: "ssh",
    rbd_secret_uuid: "uuid",
  },
  tasks: [
    bootstrapTask({
      name: "nova_api_bootstrap",
      image: "nova-api",
      files: [cell0Config],
      databases: ["nova_api", "nova_cell0"],
    }),
    bootstrapTask({
      name: "nova_cell_bootstrap",
      image: "nova-conductor",
      files: [controlConfig],
      databases: ["nova"],
      // Data migrations of a cell look into the API's database, whose tables have to be there.
      needs: ["task/nova_api_bootstrap"],
    }),
    ...cellTasks,
  ],
  containers: [
    api("nova_api", "nova-api-wsgi", ports.api),
    { ...api("nova_metadata", "nova-metadata-wsgi", ports.metadata), listens: [ports.metadata] },
    worker("nova_scheduler", "nova-scheduler"),
    worker("nova_conductor", "nova-conductor"),
    {
      name: "nova_novncproxy",
      image: "nova-novncproxy",
      command: () => "nova-novncproxy --config-file /etc/nova/nova.conf --web /usr/share/novnc",
      files: [controlConfig],
      volumes: [logVolume],
      listens: [ports.novncproxy],
      needs: ["task/nova_map_cells", "task/nova_cell_bootstrap", "container/memcached"],
      healthy: ({ host }) => ["healthcheck_curl", `http://${hostPort(host.address, ports.novncproxy)}/vnc_lite.html`],
    },
    ...hypervisor,
    migration,
  ],
})
