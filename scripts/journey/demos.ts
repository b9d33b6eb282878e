import type { SiteFile } from "../../src/deploy/site.ts"
import { identityOnly } from "./site.ts"

export interface Demo {
  readonly what: string
  /** Shape of the one machine: options of `lab up`. */
  readonly machine: readonly string[]
  readonly site: SiteFile
  /** Minutes on two cores without KVM: that of Keystone is measured, that of the core services an estimate. With KVM a fraction. */
  readonly minutesEmulated: number
}

/** What `npm run demo -- --services NAME` lays down on a machine that was bare. */
export const demos = {
  identity: {
    what: "Keystone and what it stands on",
    machine: ["--nodes", "1", "--memory", "3G"],
    site: identityOnly,
    minutesEmulated: 11,
  },
  core: {
    what: "the seven core services",
    machine: ["--nodes", "1", "--memory", "10G", "--disk", "40G", "--external"],
    site: {
      // The second card's name, as systemd gives it.
      networks: { provider: { physnet1: { bridge: "br-ex", interface: "enp0s16" } } },
      // A machine without KVM cannot offer it to instances.
      services: { nova: { virt_type: "qemu" } },
    },
    minutesEmulated: 60,
  },
} as const satisfies Record<string, Demo>
