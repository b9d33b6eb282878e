import { defineImage } from "../../src/build/containers/definition.ts"

export default defineImage({
  name: "neutron-ovn-agent",
  summary: "OpenStack networking: extensions of a host, with OVN",
  from: "neutron-base",
  health: "healthcheck_port neutron-ovn-agent 6640 6641 6642",
})
