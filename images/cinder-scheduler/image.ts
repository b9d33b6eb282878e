import { defineImage } from "../../src/build/containers/definition.ts"

export default defineImage({
  name: "cinder-scheduler",
  summary: "OpenStack block storage: choice of backends",
  from: "cinder-base",
  health: "healthcheck_port cinder-scheduler 5672 5671",
})
