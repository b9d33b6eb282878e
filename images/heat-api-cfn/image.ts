import { defineImage } from "../../src/build/containers/definition.ts"

export default defineImage({
  name: "heat-api-cfn",
  summary: "OpenStack orchestration: CloudFormation's API, which instances signal by",
  from: "heat-base",
  health: "healthcheck_curl http://127.0.0.1:8000/healthcheck",
})
