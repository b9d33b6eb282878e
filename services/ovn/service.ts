import { type ContainerDefinition, defineService } from "../../src/deploy/service.ts"
import { urlHost } from "../../src/util/host-port.ts"
import { logVolume } from "../common/openstack.ts"
import { connectionTo, northbound, type OvnDatabase, serverOn, southbound } from "../common/ovn.ts"
import { hasPlugin } from "../common/ovs.ts"
import { controller } from "./controller.ts"

const log = (program: string) =>
  `-vconsole:emer -vsyslog:err -vfile:info --log-file=/var/log/kolla/openvswitch/${program}.log`

const database = ({ half, container, port, schema, table }: OvnDatabase): ContainerDefinition => ({
  name: container,
  image: `ovn-${half}-db-server`,
  listens: [port],
  command: ({ host: { address } }) =>
    [
      `/usr/local/bin/start-${half}-db-server`,
      `--db-${half}-addr=${urlHost(address)} --db-${half}-port=${port}`,
      `--db-${half}-create-insecure-remote=yes`,
      `--db-${half}-file=/var/lib/openvswitch/ovn-${half}/ovn${half}.db`,
      `--ovn-${half}-logfile=/var/log/kolla/openvswitch/ovn-${half}-db.log`,
    ].join(" "),
  volumes: [logVolume, `${container}:/var/lib/openvswitch/ovn-${half}/`],
  healthy: ({ host }) => ["ovsdb-client", "--timeout=10", "dump", serverOn(host, port), schema, table],
})

/** Turns what Neutron wants, northbound, into flows that every host understands, southbound. */
const northd: ContainerDefinition = {
  name: "ovn_northd",
  image: "ovn-northd",
  command: (context) =>
    [
      "/usr/bin/ovn-northd",
      `--ovnnb-db=${connectionTo(northbound, context)}`,
      `--ovnsb-db=${connectionTo(southbound, context)}`,
      `${log("ovn-northd")} --pidfile`,
    ].join(" "),
  volumes: [logVolume],
  needs: ["container/ovn_nb_db", "container/ovn_sb_db"],
  // Active, or ready to be when the active one ends.
  healthy: () => ["bash", "-c", "ovn-appctl --timeout=10 -t ovn-northd status | grep -E 'Status: (active|standby)'"],
}

/** The virtual network as one: databases and their translator on the control plane, a controller on each host with ports. */
export default defineService({
  name: "ovn",
  summary: "virtual networks as flows, worked out once and carried out by each host",
  group: "control",
  enabled: (site) => site.services.neutron.enabled && hasPlugin("ovn")(site),
  containers: [database(northbound), database(southbound), northd, controller],
})
