import { defineImage } from "../../src/build/containers/definition.ts"

export default defineImage({
  name: "neutron-ovn-metadata-agent",
  summary: "OpenStack networking: metadata for instances, with OVN",
  from: "neutron-base",
  health: "healthcheck_port neutron-ovn-metadata-agent 6640 6641 6642",
})
