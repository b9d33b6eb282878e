import { expect, it } from "vitest"
import { haproxyConfig } from "../../../services/loadbalancer/haproxy.ts"
import { keepalivedConfig } from "../../../services/loadbalancer/keepalived.ts"
import { contextOf } from "./context.ts"

const image = { type: "image", name: "glance", description: "", container: "glance_api", port: 9292 }
const context = contextOf({ internal_vip_address: "192.0.2.10", external_vip_address: "2001:db8::10" }, [image])

it("answers on both virtual addresses for an API, with every host behind it", () => {
  const config = haproxyConfig(context)
  expect(config.slice(config.indexOf("listen glance_api"))).toBe(`listen glance_api
    bind 192.0.2.10:9292 transparent
    bind [2001:db8::10]:9292 transparent
    option httpchk
    http-check send meth GET uri /
    http-check expect rstatus ^[234]
    server a 192.0.2.11:9292 check inter 2s rise 2 fall 5
    server b 192.0.2.12:9292 check inter 2s rise 2 fall 5

`)
})

it("gives up root, and speaks no TLS older than 1.2", () => {
  expect(haproxyConfig(context)).toContain("    user haproxy\n    group haproxy\n")
  expect(haproxyConfig(context)).toContain("ssl-min-ver TLSv1.2")
})

it("moves the addresses by unicast between the hosts, the first of them preferred", () => {
  const config = keepalivedConfig(context)
  expect(config).toContain("    unicast_src_ip 192.0.2.11\n    unicast_peer {\n        192.0.2.12\n    }\n")
  expect(config).toContain(
    "    virtual_ipaddress {\n        192.0.2.10 dev eth0\n        2001:db8::10 dev eth0\n    }\n",
  )
  expect(config).toContain("priority 200\n")
  const second = keepalivedConfig({ ...context, host: context.carriers("keepalived")[1]! })
  expect(second).toContain("priority 199\n")
  const router = (text: string) => /virtual_router_id (\d+)/.exec(text)?.[1]
  expect(router(second)).toBe(router(config))
  expect(Number(router(config))).toBeGreaterThan(0)
})
