import { defineImage } from "../../src/build/containers/definition.ts"

export default defineImage({
  name: "heat-engine",
  summary: "OpenStack orchestration: stacks",
  from: "heat-base",
  health: "healthcheck_port heat-engine 5672 5671",
})
