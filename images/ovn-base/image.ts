import { defineImage } from "../../src/build/containers/definition.ts"
import { extendStart, leafStart } from "../service.ts"

export default defineImage({
  name: "ovn-base",
  summary: "OVN's programs",
  from: "openvswitch-base",
  packages: ["ovn-common"],
  extract: { "ovn-central": ["./usr/bin/ovn-northd", "./usr/share/ovn/*"], "ovn-host": ["./usr/bin/ovn-controller"] },
  rpm: { packages: ["ovn", "ovn-central", "ovn-host"] },
  files: extendStart(),
  run: [leafStart("ovn")],
})
