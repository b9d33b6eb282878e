import { chmod, mkdir, writeFile } from "node:fs/promises"
import { dirname, relative, resolve } from "node:path"
import type { Command } from "commander"
import type { ConfigFile } from "../deploy/genconfig.ts"
import { BifrostError, messageOf } from "../util/errors.ts"
import { Client } from "./client.ts"
import { cliErrors } from "./errors.ts"
import { examples } from "./examples.ts"

interface Flags {
  readonly host?: readonly string[]
  readonly service?: readonly string[]
  readonly output: string
  readonly revealSecrets?: boolean
}

/** `bifrost-ts genconfig --output DIR`. */
export function registerGenconfig(program: Command): void {
  program
    .command("genconfig")
    .description("write the configuration files that a deploy would lay down; nothing else is changed")
    .requiredOption("--output <dir>", "where to: DIR/HOST/CONTAINER/FILE, as under /etc/kolla on the hosts")
    .option("--service <name...>", "only these services")
    .option("--host <name...>", "only these hosts")
    .option("--reveal-secrets", "leave passwords and keys as they are, instead of ******")
    .addHelpText(
      "after",
      examples("genconfig --output /tmp/config", "genconfig --service nova --host node1 --output ."),
    )
    .action(async ({ host, service, output, revealSecrets = false }: Flags) => {
      const request = { ...(service && { only: service }), ...(host && { hosts: host }), reveal: revealSecrets }
      const { files } = await new Client().post<{ files: ConfigFile[] }>("/v1/config", request)
      try {
        for (const each of files) await write(resolve(output), each)
      } catch (cause) {
        throw new BifrostError(cliErrors.FILE_UNWRITABLE, { detail: messageOf(cause), cause })
      }
      console.log(`${files.length} files in ${output}`)
    })
}

/** Others on this machine are not to read them: secrets or not, they show how the cloud is put together. */
async function write(root: string, { host, container, file, content }: ConfigFile): Promise<void> {
  const path = resolve(root, host, container, file)
  if (relative(root, path).startsWith("..")) throw new Error(`${path} is outside ${root}`)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFile(path, content, { mode: 0o600 })
  await chmod(path, 0o600)
}
