import { defineService } from "../../src/deploy/service.ts"
import { bootstrapTask } from "../common/bootstrap.ts"
import { logVolume } from "../common/openstack.ts"
import { uwsgiCommand, uwsgiFile } from "../common/uwsgi.ts"
import { messageWorker, openvswitchAgents } from "./agents.ts"
import { config, ml2, neutronDatabase, user } from "./config.ts"

const port = 9696

const wsgi = {
  service: "neutron",
  name: "neutron-api-uwsgi.ini",
  wsgi: "/usr/bin/neutron-api",
  port,
  workerMb: 180,
}

const worker = (name: string, binary: string) =>
  messageWorker({ name, image: "neutron-server", binary, files: [config, ml2] })

export default defineService({
  name: "neutron",
  summary: "networks, routers, addresses, security groups",
  group: "control",
  databases: [neutronDatabase],
  user,
  catalog: [
    { type: "network", name: "neutron", description: "OpenStack Networking", container: "neutron_server", port },
  ],
  secrets: {
    neutron_database_password: "password",
    neutron_keystone_password: "password",
    metadata_secret: "password",
  },
  tasks: [
    bootstrapTask({
      name: "bootstrap_neutron",
      image: "neutron-server",
      files: [config, ml2],
      databases: ["neutron"],
    }),
  ],
  containers: [
    {
      name: "neutron_server",
      image: "neutron-server",
      command: () => uwsgiCommand(wsgi),
      files: [config, ml2, uwsgiFile(wsgi)],
      volumes: [logVolume],
      needs: ["task/bootstrap_neutron", "container/memcached", "container/rabbitmq"],
      healthy: ({ host }) => ["healthcheck_curl", `http://${host.address}:${port}/`],
    },
    worker("neutron_rpc_server", "neutron-rpc-server"),
    worker("neutron_periodic_worker", "neutron-periodic-workers"),
    ...openvswitchAgents.map((agent) => ({ group: "network", ...agent })),
  ],
})
