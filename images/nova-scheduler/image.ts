import { defineImage } from "../../src/build/containers/definition.ts"

export default defineImage({
  name: "nova-scheduler",
  summary: "OpenStack compute: choice of hosts",
  from: "nova-base",
  health: "healthcheck_port nova-scheduler 5672 5671",
})
