import type { Command } from "commander"
import { pathsFrom } from "../util/paths.ts"
import { tcpPort } from "./options.ts"

interface ServeFlags {
  readonly interface: string
  readonly range?: string
  readonly discover: boolean
  readonly automatedClean: boolean
  readonly apiPort?: number
}

/** `bifrost-ts serve`: the provisioner in the foreground; what its container runs. */
export function registerServe(program: Command): void {
  program
    .command("serve")
    .description("run the provisioner in the foreground (its container does this; see up)")
    .option("--interface <name>", "the provisioning interface", "prov0")
    .option("--range <first-last>", "DHCP pool for machines that are not enrolled")
    .option("--discover", "boot machines that are not enrolled into the ramdisk", false)
    .option("--automated-clean", "erase the disks' metadata before a node becomes available", false)
    .option(
      "--api-port <port>",
      "offer Ironic's API on 127.0.0.1 too, to who has the password (see api-password)",
      tcpPort,
    )
    .action(async (flags: ServeFlags) => {
      // Loaded here: all of the service would cost every other command a second.
      const { serve } = await import("../service/serve.ts")
      const close = await serve({ ...flags, paths: pathsFrom(process.env) })
      for (const signal of ["SIGINT", "SIGTERM"] as const) {
        process.once(signal, () => void close().then(() => process.exit(0)))
      }
    })
}
