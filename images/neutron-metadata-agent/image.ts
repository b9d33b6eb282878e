import { defineImage } from "../../src/build/containers/definition.ts"

export default defineImage({
  name: "neutron-metadata-agent",
  summary: "OpenStack networking: metadata for instances",
  from: "neutron-base",
  health: "healthcheck_port neutron-metadata-agent 5672 5671",
})
