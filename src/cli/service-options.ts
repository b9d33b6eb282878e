import type { Command } from "commander"
import { tcpPort } from "./options.ts"

/** What the service can be told, in its container (up) and in the foreground (serve) alike. */
export interface ServiceFlags {
  readonly interface: string
  readonly range?: string
  readonly discover: boolean
  readonly automatedClean: boolean
  readonly apiPort?: number
}

export function withServiceOptions(command: Command): Command {
  return command
    .option("--interface <name>", "the provisioning interface", "prov0")
    .option("--range <first-last>", "DHCP pool for machines that are not enrolled (default: the network's upper half)")
    .option("--discover", "boot machines that are not enrolled into the ramdisk", false)
    .option("--automated-clean", "erase the disks' metadata before a node becomes available", false)
    .option(
      "--api-port <port>",
      "offer Ironic's API on 127.0.0.1 too, to who has the password (see api-password)",
      tcpPort,
    )
}
