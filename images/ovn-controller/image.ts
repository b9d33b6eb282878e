import { defineImage } from "../../src/build/containers/definition.ts"

export default defineImage({
  name: "ovn-controller",
  summary: "OVN: flows of a host",
  from: "ovn-base",
  health: "ovn-appctl -T5 -t ovn-controller version",
})
