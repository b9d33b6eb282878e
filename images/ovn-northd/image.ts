import { defineImage } from "../../src/build/containers/definition.ts"

export default defineImage({
  name: "ovn-northd",
  summary: "OVN: logical networks into flows",
  from: "ovn-base",
  health: "ovn-appctl -T5 -t ovn-northd status",
})
