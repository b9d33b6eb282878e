import type { Command } from "commander"
import { Client } from "./client.ts"
import { examples } from "./examples.ts"

/** `bifrost-ts ssh-key`. */
export function registerSshKey(program: Command): void {
  program
    .command("ssh-key")
    .description("print the provisioner's public key, for root's authorized_keys on systems that are to be adopted")
    .addHelpText("after", examples("ssh-key", "ssh-key | ssh root@10.0.0.21 'cat >> .ssh/authorized_keys'"))
    .action(async () => console.log((await new Client().get<{ public: string }>("/v1/ssh-key")).public))
}
