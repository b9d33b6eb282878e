import { defineImage } from "../../src/build/containers/definition.ts"

export default defineImage({
  name: "valkey-sentinel",
  summary: "Valkey: which server is the primary",
  from: "valkey-base",
  health: "healthcheck_listen valkey-sentinel 26379",
})
