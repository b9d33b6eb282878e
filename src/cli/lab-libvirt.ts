import { once } from "node:events"
import type { Command } from "commander"
import { network } from "../lab/spec.ts"

interface Options {
  readonly connect: string
  readonly address: string
  readonly port: string
  readonly dir: string
}

/** What the Vagrantfile starts beside its machines. */
export function addLibvirtBmcs(lab: Command): void {
  lab
    .command("libvirt-bmc <domain...>")
    .description("BMCs for machines that libvirt runs; writes a hosts.csv and serves until it is interrupted")
    .option("--connect <uri>", "which libvirt", "qemu:///system")
    .option("--address <ip>", "this host's address on the machines' network", network.own)
    .option("--port <number>", "UDP port of the first BMC; the others follow", "6231")
    .option("--dir <directory>", "where passwords, boot flags and hosts.csv are kept", ".vagrant/bifrost")
    .action(async (domains: string[], { connect, address, port, dir }: Options) => {
      const { serveLibvirtBmcs } = await import("../lab/libvirt-bmcs.ts")
      const bmcs = await serveLibvirtBmcs({ uri: connect, domains, address, firstPort: Number(port), dir })
      for (const [index, at] of bmcs.listening.entries())
        console.log(`${domains[index]}: BMC on ${at.address}:${at.port}`)
      console.log(bmcs.hosts)
      await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")])
      await bmcs.close()
    })
}
