import { defineImage } from "../../src/build/containers/definition.ts"
import { fullPerl, identities } from "../prune.ts"
import { extendStart, leafStart } from "../service.ts"

export default defineImage({
  name: "openvswitch-base",
  summary: "Open vSwitch's programs",
  from: "base",
  packages: ["kmod", "openvswitch-switch"],
  rpm: { packages: ["kmod", "openvswitch"] },
  prune: [...fullPerl, ...identities],
  // The daemons manage the kernel's datapath and network devices as root; the account owns what they may share.
  accounts: [{ name: "openvswitch", id: 42476, home: "/var/lib/openvswitch" }],
  files: { ...extendStart(), "/usr/local/bin/ovs_wrapper": { source: "ovs_wrapper", mode: "0755" } },
  run: ["rm -rf /var/lib/openvswitch/* /etc/openvswitch/conf.db", leafStart("openvswitch")],
})
