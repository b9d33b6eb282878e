import { defineErrors } from "../util/errors.ts"

export const serviceErrors = defineErrors({
  INTERFACE_ABSENT: {
    status: 500,
    summary: "the provisioning interface is not there",
    remedy: "Name one of the interfaces that the machine has: bifrost-ts up --interface NAME",
  },
  INTERFACE_WITHOUT_ADDRESS: {
    status: 500,
    summary: "the provisioning interface has no IPv4 address",
    remedy: "Give it one (ip address add 192.0.2.1/24 dev NAME) and make it permanent in the system's configuration.",
  },
  RANGE_INVALID: {
    status: 400,
    summary: "the DHCP range does not fit the provisioning network",
    remedy: "Give --range FIRST-LAST, both inside the interface's network and without the interface's own address.",
  },
  OS_IMAGE_ABSENT: {
    status: 400,
    summary: "no image of that name is there to install",
    remedy: "Run: bifrost-ts images list, and if it is not there: bifrost-ts images build os debian-13",
  },
  NODES_UNKNOWN: {
    status: 404,
    summary: "no node of that name is enrolled",
    remedy: "Run: bifrost-ts node list",
  },
  NOTHING_ENROLLED: {
    status: 409,
    summary: "no node is enrolled",
    remedy: "Run: bifrost-ts enroll hosts.csv",
  },
  PROVISION_INCOMPLETE: {
    status: 500,
    summary: "not every node became active",
    remedy: "Ask why with: bifrost-ts explain NODE. Then run provision again; nodes that are active are left alone.",
  },
  DEPLOY_INCOMPLETE: {
    status: 500,
    summary: "not every step of the deploy ended well",
    remedy: "Mend what the steps name, then run the same command again; it goes on where this one stopped.",
  },
  LOCK_MISSING: {
    status: 409,
    summary: "no service image has been pushed to this site's registry",
    remedy: "Run: bifrost-ts images build containers && bifrost-ts images push",
  },
  RUN_UNKNOWN: {
    status: 404,
    summary: "there is no such run",
    remedy: "Run: bifrost-ts run list",
  },
  RUN_BUSY: {
    status: 409,
    summary: "another run is under way",
    remedy: "Watch it with: bifrost-ts run watch, or end it with: bifrost-ts run abort",
  },
  RUN_INVALID: {
    status: 400,
    summary: "the request for a run is not valid",
    remedy: "See: bifrost-ts provision --help",
  },
})
