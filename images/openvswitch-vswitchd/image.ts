import { defineImage } from "../../src/build/containers/definition.ts"
import { extendStart } from "../service.ts"

export default defineImage({
  name: "openvswitch-vswitchd",
  summary: "Open vSwitch: switching",
  from: "openvswitch-base",
  files: extendStart("openvswitch"),
  health: "ovs-appctl -T5 version",
})
