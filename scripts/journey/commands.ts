/** One command of the main job, as a user would type it. */
export interface Stage {
  readonly name: string
  /** What a reader should know before the command runs. */
  readonly why: string
  readonly args: readonly string[]
}

export interface JourneyOptions {
  readonly lab: string
  readonly nodes: number
  readonly firmware: "bios" | "uefi" | "mixed"
  readonly memory: string
  readonly hostsCsv: string
}

/** What has to be there before a lab can be deployed: made once, then found in the cache. */
const buildStages: readonly Stage[] = [
  { name: "ramdisk", why: "the deploy ramdisk, with the agent in it", args: ["images", "build", "ramdisk"] },
  { name: "os image", why: "the operating system that nodes get", args: ["images", "build", "os", "debian-13"] },
  { name: "provisioner image", why: "the provisioner's own container", args: ["images", "build", "provisioner"] },
  { name: "service images", why: "the cloud's services", args: ["images", "build", "containers", "--profile", "site"] },
]

/** From nothing to a running Keystone on machines that were bare. */
export function journey({ lab, nodes, firmware, memory, hostsCsv }: JourneyOptions): readonly Stage[] {
  return [
    // Before the builds: what this machine cannot do shows at once. Machines that are off cost nothing meanwhile.
    {
      name: "lab",
      why: "bare machines, each with a BMC, on a network of their own",
      args: ["lab", "up", "--name", lab, "--nodes", String(nodes), "--firmware", firmware, "--memory", memory],
    },
    ...buildStages,
    { name: "provisioner", why: "API, conductor, DHCP, TFTP, HTTP, registry", args: ["up", "--lab", lab] },
    {
      name: "push",
      why: "service images into the provisioner's registry",
      args: ["images", "push", "--profile", "site"],
    },
    { name: "enroll", why: "what is in the rack", args: ["enroll", hostsCsv] },
    { name: "provision", why: "bare metal to Keystone", args: ["provision", "--then-deploy"] },
  ]
}
