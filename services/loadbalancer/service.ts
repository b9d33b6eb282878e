import { type Side, sides } from "../../src/deploy/entrance.ts"
import { defineService, type FileDefinition, type ServiceContext } from "../../src/deploy/service.ts"
import { certificateFiles } from "../../src/deploy/tls/certificate.ts"
import { hostPort } from "../../src/util/host-port.ts"
import { certificatePath, haproxyConfig, monitorPort, virtualAddresses } from "./haproxy.ts"
import { keepalivedConfig } from "./keepalived.ts"

/** One address that outlives any control host: keepalived moves it, HAProxy answers on it for every API. */
export default defineService({
  name: "loadbalancer",
  summary: "the virtual addresses of the APIs, and the balancing behind them",
  group: "control",
  enabled: ({ internal_vip_address }) => internal_vip_address !== undefined,
  leadsToApis: true,
  secrets: { keepalived_password: "password" },
  containers: [
    {
      name: "haproxy",
      image: "haproxy",
      listens: [monitorPort],
      each: true,
      command: () => "/usr/sbin/haproxy -W -db -f /etc/haproxy/haproxy.cfg",
      files: [
        {
          name: "haproxy.cfg",
          dest: "/etc/haproxy/haproxy.cfg",
          owner: "root:root",
          perm: "0600",
          content: haproxyConfig,
        },
        ...sides.map((side) => certificate(side)),
      ],
      // It listens on an address that may be another host's now, then gives up root for good.
      access: { user: "root", capabilities: ["NET_ADMIN", "NET_BIND_SERVICE"] },
      healthy: ({ host }) => ["healthcheck_curl", `http://${hostPort(host.address, monitorPort)}/`],
    },
    {
      name: "keepalived",
      image: "keepalived",
      each: true,
      command: () => "/usr/sbin/keepalived --vrrp --dont-fork --log-console --use-file /etc/keepalived/keepalived.conf",
      files: [
        {
          name: "keepalived.conf",
          dest: "/etc/keepalived/keepalived.conf",
          owner: "root:root",
          perm: "0600",
          content: keepalivedConfig,
        },
      ],
      access: { user: "root", capabilities: ["NET_ADMIN", "NET_RAW", "NET_BROADCAST"] },
      needs: ["here/container/haproxy"],
      healthy: addressesAnswer,
    },
  ],
})

/** Read as root before it gives that up. */
function certificate(side: Side): FileDefinition {
  return {
    name: certificateFiles[side],
    dest: certificatePath(side),
    owner: "root:root",
    perm: "0600",
    content: (context) => context.certificate(side),
  }
}

/** Every virtual address answers, on this host or, over the network, on the one that has it. */
function addressesAnswer(context: ServiceContext): readonly string[] {
  return [
    "healthcheck_curl",
    "--fail-early",
    ...virtualAddresses(context).map(({ vip }) => `http://${hostPort(vip, monitorPort)}/`),
  ]
}
