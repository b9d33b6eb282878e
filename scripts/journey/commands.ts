/** One command of the main job, as a user would type it. */
export interface Stage {
  readonly name: string
  /** What a reader should know before the command runs. */
  readonly why: string
  readonly args: readonly string[]
}

export interface JourneyOptions {
  readonly lab: string
  /** What the lab consists of: options of `lab up`. */
  readonly machines: readonly string[]
  readonly hostsCsv: string
}

const builds = {
  ramdisk: { name: "ramdisk", why: "the deploy ramdisk, with the agent in it", args: ["images", "build", "ramdisk"] },
  os: { name: "os image", why: "the operating system that nodes get", args: ["images", "build", "os", "debian-13"] },
  guest: { name: "guest image", why: "the disk of a first instance", args: ["images", "build", "guest"] },
  provisioner: {
    name: "provisioner image",
    why: "the provisioner's own container",
    args: ["images", "build", "provisioner"],
  },
  services: {
    name: "service images",
    why: "the cloud's services",
    args: ["images", "build", "containers", "--profile", "site"],
  },
} as const satisfies Record<string, Stage>

/** From nothing to a cloud on machines that were bare. */
export function fromBareMetal(options: JourneyOptions): readonly Stage[] {
  return journey([builds.ramdisk, builds.os, builds.provisioner, builds.services], options)
}

/** From nothing to a cloud on servers that have their system already: containers that act as such. */
export function onServers(options: JourneyOptions): readonly Stage[] {
  return journey([builds.guest, builds.provisioner, builds.services], options)
}

/** What is built is made once, then found in the cache. */
function journey(building: readonly Stage[], { lab, machines, hostsCsv }: JourneyOptions): readonly Stage[] {
  return [
    // Before the builds: what this machine cannot do shows at once. Machines that are off cost nothing meanwhile.
    {
      name: "lab",
      why: "machines, on a network of their own",
      args: ["lab", "up", "--name", lab, ...machines],
    },
    ...building,
    { name: "provisioner", why: "API, conductor, DHCP, TFTP, HTTP, registry", args: ["up", "--lab", lab] },
    {
      name: "push",
      why: "service images into the provisioner's registry",
      args: ["images", "push", "--profile", "site"],
    },
    { name: "enroll", why: "what is in the rack", args: ["enroll", hostsCsv] },
    { name: "provision", why: "bare metal to a cloud", args: ["provision", "--then-deploy"] },
  ]
}
