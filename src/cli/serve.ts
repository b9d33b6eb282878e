import type { Command } from "commander"
import { pathsFrom } from "../util/paths.ts"
import { type ServiceFlags, withServiceOptions } from "./service-options.ts"

/** `bifrost-ts serve`: the provisioner in the foreground; what its container runs. */
export function registerServe(program: Command): void {
  withServiceOptions(program.command("serve"))
    .description("run the provisioner in the foreground (its container does this; see up)")
    .action(async (flags: ServiceFlags) => {
      // Loaded here: all of the service would cost every other command a second.
      const { serve } = await import("../service/serve.ts")
      const close = await serve({ ...flags, paths: pathsFrom(process.env) })
      for (const signal of ["SIGINT", "SIGTERM"] as const) {
        process.once(signal, () => void close().then(() => process.exit(0)))
      }
    })
}
