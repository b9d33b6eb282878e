import type { Command } from "commander"
import { Client } from "./client.ts"
import { examples } from "./examples.ts"

/** `bifrost-ts api-password`. The password alone goes to standard output, so that a script can take it from there. */
export function registerApiPassword(program: Command): void {
  program
    .command("api-password")
    .description("make a new password for the API over TCP (serve --api-port) and show it once")
    .addHelpText("after", examples("api-password", "api-password > ~/.bifrost-password"))
    .action(async () => {
      const { user, password } = await new Client().post<{ user: string; password: string }>("/v1/api-password", {})
      console.error(`The password of "${user}", which is not shown again. Any earlier one is void.`)
      console.log(password)
    })
}
