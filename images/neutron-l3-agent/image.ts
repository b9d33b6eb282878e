import { defineImage } from "../../src/build/containers/definition.ts"

export default defineImage({
  name: "neutron-l3-agent",
  summary: "OpenStack networking: routers and floating IPs",
  from: "neutron-base",
  health: "healthcheck_port neutron-l3-agent 5672 5671",
})
