import { expect, it } from "vitest"
import { haproxyConfig } from "../../../services/loadbalancer/haproxy.ts"
import { keepalivedConfig } from "../../../services/loadbalancer/keepalived.ts"
import { contextOf } from "./context.ts"
import { rendered } from "./rendered.ts"

const image = { container: "glance_api", port: 9292 }
const context = contextOf({ internal_vip_address: "192.0.2.10", external_vip_address: "2001:db8::10" }, [image])

it("answers on both virtual addresses for an API, with every host behind it", () => {
  const config = haproxyConfig(context)
  expect(config.slice(config.indexOf("listen glance_api"))).toBe(`listen glance_api
    bind 192.0.2.10:9292 transparent
    bind [2001:db8::10]:9292 transparent
    http-request set-header X-Forwarded-Proto http
    http-request set-header X-Forwarded-Proto https if { ssl_fc }
    option httpchk
    http-check send meth GET uri /
    http-check expect rstatus ^[234]
    server a 192.0.2.11:9292 check
    server b 192.0.2.12:9292 check

`)
})

it("speaks HTTPS on the addresses that the site says, and leads a browser there", () => {
  const file = { internal_vip_address: "192.0.2.10", external_vip_address: "203.0.113.10", tls: { external: true } }
  const dashboard = { container: "horizon", port: 80, securePort: 443 }
  const console = { container: "nova_novncproxy", port: 6080, sticky: true as const }
  const config = haproxyConfig(contextOf(file, [image, dashboard, console]))
  expect(config).toContain("    bind 192.0.2.10:9292 transparent\n")
  expect(config).toContain("    bind 203.0.113.10:9292 transparent ssl crt /etc/haproxy/certificates/haproxy.pem\n")
  expect(config).toContain(`frontend horizon_plain
    bind 203.0.113.10:80 transparent
    http-request redirect scheme https code 301

listen horizon
    bind 192.0.2.10:80 transparent
    bind 203.0.113.10:443 transparent ssl crt /etc/haproxy/certificates/haproxy.pem
`)
  expect(config).toContain("listen nova_novncproxy")
  expect(config).toContain("    balance source\n")
  const both = haproxyConfig(contextOf({ ...file, tls: { internal: true, external: true } }, [image]))
  expect(both).toContain("192.0.2.10:9292 transparent ssl crt /etc/haproxy/certificates/haproxy-internal.pem\n")
})

it("gives up root, and speaks no TLS older than 1.2", () => {
  expect(haproxyConfig(context)).toContain("    user haproxy\n    group haproxy\n")
  expect(haproxyConfig(context)).toContain("ssl-min-ver TLSv1.2")
})

it("moves the addresses by unicast between the hosts, the first of them preferred", () => {
  const config = keepalivedConfig(context)
  expect(config).toContain("    unicast_src_ip 192.0.2.11\n    unicast_peer {\n        192.0.2.12\n    }\n")
  expect(config).toContain(
    "    virtual_ipaddress {\n        192.0.2.10 dev eth0\n    }\n    virtual_ipaddress_excluded {\n        2001:db8::10 dev eth0\n    }\n",
  )
  expect(config).toContain("priority 200\n")
  const second = keepalivedConfig({ ...context, host: context.carriers("keepalived")[1]! })
  expect(second).toContain("priority 199\n")
  const router = (text: string) => /virtual_router_id (\d+)/.exec(text)?.[1]
  expect(router(second)).toBe(router(config))
  expect(Number(router(config))).toBeGreaterThan(0)
})

it("alone goes to the network of the APIs: services behind it stay at the inventory's addresses", () => {
  const without = rendered({ internal_vip_address: "198.51.100.250" })
  const units = rendered({ internal_vip_address: "198.51.100.250", networks: { api: { cidr: "198.51.100.0/24" } } })
  const other = [...units].filter(
    ([name, { files }]) => JSON.stringify(files) !== JSON.stringify(without.get(name)!.files),
  )
  expect(other.map(([name]) => name)).toEqual(["node1/keepalived"])
  const content = (unit: string, file: string) =>
    units.get(unit)!.files.find(({ path }) => path.endsWith(`/${file}`))!.content
  expect(content("node1/keepalived", "keepalived.conf")).toContain("        198.51.100.250 dev eth3\n")
  expect(content("node1/haproxy", "haproxy.cfg")).toContain(
    "listen keystone\n    bind 198.51.100.250:5000 transparent\n",
  )
  expect(content("node1/haproxy", "haproxy.cfg")).toContain("    server node1 192.0.2.11:5000 check\n")
  expect(content("node1/keystone", "keystone-uwsgi.ini")).toContain("http-socket = 192.0.2.11:5000\n")
})
