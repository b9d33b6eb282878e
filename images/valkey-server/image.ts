import { defineImage } from "../../src/build/containers/definition.ts"

export default defineImage({
  name: "valkey-server",
  summary: "Valkey: coordination and caches",
  from: "valkey-base",
  health: "healthcheck_listen valkey-server 6379",
})
