import { describe, expect, it } from "vitest"
import { connectionTo, northbound } from "../../../services/common/ovn.ts"
import { services } from "../../../services/index.ts"
import { config, ml2, ovnMetadataAgent } from "../../../services/neutron/config.ts"
import { chassis, controller } from "../../../services/ovn/controller.ts"
import type { FileDefinition } from "../../../src/deploy/service.ts"
import { resolveSite, type SiteFile } from "../../../src/deploy/site.ts"
import { wantedServices } from "../../../src/deploy/wanted.ts"
import { contextOf } from "./context.ts"

const provider = { physnet1: { bridge: "br-ex", interface: "eth1" }, dc: { bridge: "br-dc" } }
const site = (plugin: "ovn" | "openvswitch", datapath: "kernel" | "userspace" = "kernel"): SiteFile => ({
  ...{ networks: { provider }, services: { neutron: { plugin, datapath } } },
})
type Sections = Readonly<Record<string, Readonly<Record<string, unknown>>>>
const sections = (file: FileDefinition, of: SiteFile) => file.content(contextOf(of)) as Sections
const containersOf = (plugin: "ovn" | "openvswitch") =>
  wantedServices(services, resolveSite(site(plugin)))
    .filter(({ name }) => ["openvswitch", "ovn", "neutron"].includes(name))
    .flatMap(({ containers }) => containers.map(({ name }) => name))
    .sort()

describe("the plugin of a site", () => {
  it("is agents around Open vSwitch", () => {
    expect(containersOf("openvswitch")).toEqual([
      ...["neutron_dhcp_agent", "neutron_l3_agent", "neutron_metadata_agent", "neutron_openvswitch_agent"],
      ...["neutron_periodic_worker", "neutron_rpc_server", "neutron_server", "openvswitch_db", "openvswitch_vswitchd"],
    ])
    expect(sections(ml2, site("openvswitch"))).toMatchObject({
      ml2: { tenant_network_types: "vxlan", mechanism_drivers: "openvswitch,l2population" },
      ml2_type_vxlan: { vni_ranges: "1:65535" },
    })
    expect(sections(ml2, site("openvswitch"))["ovn"]).toBeUndefined()
    expect(sections(config, site("openvswitch"))["DEFAULT"]?.["service_plugins"]).toBe("router")
  })

  it("is OVN, without the agents whose work it does", () => {
    expect(containersOf("ovn")).toEqual([
      ...["neutron_ovn_maintenance_worker", "neutron_ovn_metadata_agent", "neutron_periodic_worker", "neutron_server"],
      ...["openvswitch_db", "openvswitch_vswitchd", "ovn_controller", "ovn_nb_db", "ovn_northd", "ovn_sb_db"],
    ])
    expect(sections(ml2, site("ovn"))).toEqual({
      ml2: {
        type_drivers: "flat,vlan,geneve",
        tenant_network_types: "geneve",
        mechanism_drivers: "ovn",
        extension_drivers: "port_security",
      },
      ml2_type_flat: { flat_networks: "physnet1,dc" },
      ml2_type_vlan: { network_vlan_ranges: "physnet1,dc" },
      ml2_type_geneve: { vni_ranges: "1:65535", max_header_size: 38 },
      ovn: {
        ovn_nb_connection: "tcp:192.0.2.11:6641,tcp:192.0.2.12:6641",
        ovn_sb_connection: "tcp:192.0.2.11:6642,tcp:192.0.2.12:6642",
        ovn_metadata_enabled: true,
      },
    })
    expect(sections(config, site("ovn"))["DEFAULT"]?.["service_plugins"]).toBe("ovn-router")
    expect(sections(ovnMetadataAgent, site("ovn"))).toMatchObject({
      DEFAULT: { nova_metadata_host: "192.0.2.11", metadata_proxy_shared_secret: "secret-metadata_secret" },
      ovs: { ovsdb_connection: "unix:/run/openvswitch/db.sock" },
      ovn: { ovn_sb_connection: "tcp:192.0.2.11:6642,tcp:192.0.2.12:6642" },
    })
  })
})

it("asks of a kernel what its own tunnels need", () => {
  const needed = (...of: Parameters<typeof site>) => {
    const resolved = resolveSite(site(...of))
    const units = wantedServices(services, resolved).flatMap(({ containers }) => containers)
    const those = units.filter(({ name }) => ["openvswitch_vswitchd", "ovn_controller"].includes(name))
    return those.flatMap(({ kernel }) => kernel?.(resolved) ?? []).sort()
  }
  expect(needed("openvswitch")).toEqual(["openvswitch", "vxlan"])
  expect(needed("ovn")).toEqual(["geneve", "openvswitch"])
  expect(needed("ovn", "userspace")).toEqual(["tun"])
})

describe("what a host's Open vSwitch tells OVN", () => {
  const context = contextOf(site("ovn", "userspace"))
  const on = (...groups: string[]) => ({ ...context, host: { ...context.host, groups } })

  it("is where the southbound database is, and what the host has", () => {
    expect(chassis(on("compute"))).toEqual({
      "ovn-remote": "tcp:192.0.2.11:6642,tcp:192.0.2.12:6642",
      "ovn-remote-probe-interval": "60000",
      "ovn-encap-type": "geneve",
      "ovn-encap-ip": "192.0.2.11",
      "ovn-bridge-datapath-type": "netdev",
      "ovn-bridge-mappings": "physnet1:br-ex,dc:br-dc",
      "ovn-cms-options": "",
    })
    expect(chassis(contextOf(site("ovn")))["ovn-bridge-datapath-type"]).toBe("system")
  })

  it("offers network hosts alone as routers' gateways, and takes the offer back", () => {
    const script = (...groups: string[]) => String(controller.files?.[0]?.content(on(...groups)))
    expect(script("network")).toContain(" external-ids:ovn-cms-options='enable-chassis-as-gw'")
    expect(script("compute")).not.toContain("enable-chassis-as-gw")
    expect(script("compute")).toContain("vsctl remove Open_vSwitch . external-ids ovn-cms-options")
  })

  it("needs the kernel's Geneve, but not in userspace", () => {
    expect(controller.kernel?.(resolveSite(site("ovn")))).toEqual(["geneve"])
    expect(controller.kernel?.(resolveSite(site("ovn", "userspace")))).toEqual([])
  })
})

it("puts an IPv6 address into brackets, where ovsdb takes it for one", () => {
  const carriers = () => [{ ...contextOf().host, address: "2001:db8::11" }]
  expect(connectionTo(northbound, { carriers })).toBe("tcp:[2001:db8::11]:6641")
})
