import { defineImage } from "../../src/build/containers/definition.ts"

export default defineImage({
  name: "neutron-openvswitch-agent",
  summary: "OpenStack networking: ports of a host, by Open vSwitch",
  from: "neutron-base",
  health: "healthcheck_port neutron-openvswitch-agent 5672 5671",
})
