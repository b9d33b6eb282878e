import { defineImage } from "../../src/build/containers/definition.ts"
import { extendStart } from "../service.ts"

export default defineImage({
  name: "openvswitch-db-server",
  summary: "Open vSwitch: database of a host's bridges and ports",
  from: "openvswitch-base",
  files: extendStart("openvswitch"),
  health: "ovsdb-client list-dbs",
})
