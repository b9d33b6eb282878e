import { defineService, type FileDefinition } from "../../src/deploy/service.ts"
import { hostPort } from "../../src/util/host-port.ts"
import { bootstrapTask } from "../common/bootstrap.ts"
import { logVolume } from "../common/openstack.ts"
import { hasPlugin } from "../common/ovs.ts"
import { uwsgiCommand, uwsgiFile } from "../common/uwsgi.ts"
import { agents, messageWorker } from "./agents.ts"
import { config, ml2, neutronDatabase, user } from "./config.ts"

const port = 9696

const wsgi = {
  service: "neutron",
  name: "neutron-api-uwsgi.ini",
  wsgi: "/usr/bin/neutron-api",
  port,
  workerMb: 180,
}

/** A worker of OVN's loads the application itself, as its connections to the databases do not survive a fork. */
const uwsgi: FileDefinition = {
  ...uwsgiFile(wsgi),
  content: (context) => {
    // Workers that started together share OVN's events among them.
    const options = { "lazy-apps": true, "start-time": "%t" }
    return uwsgiFile(hasPlugin("ovn")(context.site) ? { ...wsgi, options } : wsgi).content(context)
  },
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
  settled: {
    option: "services.neutron.plugin",
    chosen: ({ services }) => services.neutron.plugin,
    // On every hypervisor, where a change would leave instances without their ports.
    shownBy: { openvswitch: "neutron_openvswitch_agent", ovn: "neutron_ovn_metadata_agent" },
  },
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
      files: [config, ml2, uwsgi],
      volumes: [logVolume],
      needs: [
        "task/bootstrap_neutron",
        "container/memcached",
        "container/rabbitmq",
        "container/ovn_nb_db",
        "container/ovn_sb_db",
        "container/ovn_northd",
      ],
      healthy: ({ host }) => ["healthcheck_curl", `http://${hostPort(host.address, port)}/`],
    },
    // OVN's hosts talk to its databases alone: nobody would call.
    { ...worker("neutron_rpc_server", "neutron-rpc-server"), enabled: hasPlugin("openvswitch") },
    {
      ...worker("neutron_periodic_worker", "neutron-periodic-workers"),
      // With OVN it has nobody to call either, only the database to tidy.
      healthy: ({ site }) => ["healthcheck_port", "neutron-periodic-workers", hasPlugin("ovn")(site) ? "3306" : "5672"],
    },
    {
      ...worker("neutron_ovn_maintenance_worker", "neutron-ovn-maintenance-worker"),
      enabled: hasPlugin("ovn"),
      needs: ["task/bootstrap_neutron", "container/ovn_nb_db", "container/ovn_sb_db", "container/ovn_northd"],
      healthy: () => ["healthcheck_port", "neutron-ovn-maintenance-worker", "6641"],
    },
    ...agents.map((agent) => ({ group: "network", ...agent })),
  ],
})
