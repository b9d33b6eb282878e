import { describe, expect, it } from "vitest"
import { services } from "../../../services/index.ts"
import { endpointUrl } from "../../../src/deploy/context.ts"
import { Placement } from "../../../src/deploy/placement.ts"
import { resolveSite, type SiteFile } from "../../../src/deploy/site.ts"
import { rendered } from "./rendered.ts"

const groups = ["control", "network", "compute", "storage"]
const hosts = ["fd00:b1f::11", "fd00:b1f::12", "fd00:b1f::13"].map((address) => ({ address, groups }))
const one = hosts.slice(0, 1)
const vips = { internal_vip_address: "fd00:b1f::250", external_vip_address: "2001:db8::250" }
const everything: SiteFile = { ...vips, valkey: true, central_logging: true }
const agents: SiteFile = { services: { neutron: { plugin: "openvswitch" } } }

/** An address of the site with a port behind it, and no bracket before it. */
const unbracketed = /(?<![[0-9a-f:])(fd00:b1f::1[123]|fd00:b1f::250|2001:db8::250):\d/
/** Its own way to write an address with a port. */
const rabbitmqListener = /^listeners\.tcp\.1 = fd00:b1f::1[123]:5672$/m

/** Files, commands, environments and health checks of all units. */
const textsOf = (file: SiteFile, on: typeof hosts) =>
  [...rendered(file, { hosts: on })].flatMap(([name, { files, options }]) => [
    ...files.map(({ path, content }) => ({ of: `${name} ${path}`, text: content.replace(rabbitmqListener, "") })),
    { of: name, text: JSON.stringify(options) },
  ])

const content = (file: SiteFile, on: typeof hosts, unit: string, name: string) =>
  rendered(file, { hosts: on })
    .get(unit)!
    .files.find(({ path }) => path.endsWith(`/${name}`))!.content

describe("a site whose hosts have IPv6 addresses", () => {
  it.each([
    ["one host", {}, one],
    ["three hosts behind virtual addresses, with all that a site can have", everything, hosts],
    ["agents around Open vSwitch", agents, one],
  ])("has brackets around every address before a port: %s", (_, file, on) => {
    const texts = textsOf(file, on)
    expect(texts.filter(({ text }) => unbracketed.test(text)).map(({ of }) => of)).toEqual([])
    // And there were addresses to find.
    expect(texts.filter(({ text }) => /\[(fd00:b1f::11|fd00:b1f::250)\]:\d/.test(text)).length).toBeGreaterThan(20)
  })

  it("has them in the catalog, with and without a virtual address", () => {
    for (const file of [{}, vips]) {
      const site = resolveSite(file)
      const inventory = { hosts: hosts.map((host) => ({ ...host, name: "a", port: 22, user: "root", hostKey: "" })) }
      const placement = new Placement(services, inventory, site)
      for (const entry of placement.services.flatMap(({ catalog = [] }) => catalog)) {
        const { hostname } = new URL(endpointUrl(entry, "public", { placement, site, secrets: new Map() }))
        expect(hostname).toBe(file === vips ? "[2001:db8::250]" : "[fd00:b1f::11]")
      }
    }
  })

  it("tells each client of memcached in the client's own words", () => {
    const nova = content({}, one, "node1/nova_api", "nova.conf")
    expect(nova).toContain("memcache_servers = [fd00:b1f::11]:11211\n")
    expect(nova).toContain("memcached_servers = inet6:[fd00:b1f::11]:11211\n")
    expect(content({}, one, "node1/keystone", "keystone.conf")).toContain(
      "memcache_servers = inet6:[fd00:b1f::11]:11211\n",
    )
  })

  it("lets the broker's nodes find each other, and whoever asks them", () => {
    const environment = content(everything, hosts, "node1/rabbitmq", "rabbitmq-env.conf")
    expect(environment).toContain('ERL_EPMD_ADDRESS="fd00:b1f::11"\n')
    expect(environment).toContain(
      '-proto_dist inet6_tcp -kernel inet_dist_use_interface {64768,2847,0,0,0,0,0,17}"\n' +
        `CTL_ERL_ARGS="-kernel inetrc '/etc/rabbitmq/erl_inetrc' -proto_dist inet6_tcp"\n`,
    )
    expect(content(everything, hosts, "node1/rabbitmq", "erl_inetrc")).toBe("{inet6, true}.\n")
    expect(content(everything, hosts, "node1/rabbitmq", "rabbitmq.conf")).toMatch(rabbitmqListener)
  })

  it("gives nova's cells back the brackets that nova takes away", () => {
    const script = (file: SiteFile, on: typeof hosts) => content(file, on, "node1/nova_map_cells", "map-cells")
    expect(script({}, one)).toContain('"{scheme}://{username}:{password}@[{hostname}]:{port}"')
    expect(script({}, one)).toContain('"{scheme}://{username}:{password}@[{hostname}]:5672//?{query}"')
    expect(script(everything, hosts)).toContain(",{username2}:{password2}@[{hostname2}]:5672,")
  })

  it("moves the addresses by VRRP's version 3, which knows no password", () => {
    const config = content(everything, hosts, "node1/keepalived", "keepalived.conf")
    expect(config).toContain("    unicast_peer {\n        fd00:b1f::12\n        fd00:b1f::13\n    }\n")
    expect(config).toContain("    virtual_ipaddress {\n        fd00:b1f::250 dev eth0\n")
    expect(config).not.toContain("auth")
  })

  it("has its tunnels counted as IPv6's, unless they are in another network", () => {
    const on = [{ address: "fd00:b1f::11", second: "192.0.2.11", groups }]
    const ml2 = (file: SiteFile) => content(file, on, "node1/neutron_server", "ml2_conf.ini")
    expect(ml2({})).toContain("overlay_ip_version = 6\n")
    expect(ml2({ networks: { tunnel: { cidr: "192.0.2.0/24" } } })).not.toContain("overlay_ip_version")
  })
})
