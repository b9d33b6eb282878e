import { defineImage } from "../../src/build/containers/definition.ts"

export default defineImage({
  name: "neutron-dhcp-agent",
  summary: "OpenStack networking: addresses for instances, by dnsmasq",
  from: "neutron-base",
  health: "healthcheck_port neutron-dhcp-agent 5672 5671",
})
