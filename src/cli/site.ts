import { mkdir, readFile, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import type { Command } from "commander"
import { stringify } from "yaml"
import { siteFile } from "../deploy/site/files.ts"
import { readSite } from "../deploy/site/read.ts"
import { schemaText } from "../deploy/site/schema.ts"
import { schemaFile, siteTemplate } from "../deploy/site/template.ts"
import { BifrostError, messageOf } from "../util/errors.ts"
import { inState, pathsFrom } from "../util/paths.ts"
import { cliErrors } from "./errors.ts"
import { examples } from "./examples.ts"

const defaultFile = () => join(inState.site(pathsFrom(process.env)), siteFile)

/** `bifrost-ts site init|schema|show`: the file in which the operator decides. */
export function registerSite(program: Command): void {
  const site = program.command("site").description("the site file, bifrost.yaml: what you decide about the cloud")

  site
    .command("init")
    .argument("[file]", "where to; STATE/site/bifrost.yaml by default, where deploy reads it")
    .description("write a site file that lists all options, commented out, and its schema for editors beside it")
    .addHelpText("after", examples("site init", "site init ./bifrost.yaml"))
    .action(async (given?: string) => {
      const file = given ?? defaultFile()
      const schema = join(dirname(file), schemaFile)
      await writing(file, async () => {
        // The service reads it by its group (`up` sees to that), others do not. A folder that is there keeps its mode.
        await mkdir(dirname(file), { recursive: true, mode: 0o750 })
        await writeFile(schema, schemaText, { mode: 0o640 })
        await writeFile(file, siteTemplate(), { flag: "wx", mode: 0o640 })
      })
      console.log(`wrote ${file}\n      ${schema}`)
    })

  site
    .command("schema")
    .description("print the site file's JSON Schema")
    .addHelpText("after", examples("site schema > bifrost.schema.json"))
    .action(() => console.log(schemaText.trimEnd()))

  site
    .command("show")
    .argument("[file]", "STATE/site/bifrost.yaml by default")
    .description("print the site as a deploy sees it, with the defaults of what the file leaves out")
    .option("--json", "print JSON")
    .addHelpText("after", examples("site show", "site show --json | jq .services.nova"))
    .action(async (file: string | undefined, { json }: { json?: boolean }) => {
      const { site: resolved } = readSite(await textOf(file ?? defaultFile(), file === undefined))
      if (!resolved) throw new BifrostError(cliErrors.SITE_FILE_INVALID, { detail: file ?? defaultFile() })
      process.stdout.write(json ? `${JSON.stringify(resolved, null, 2)}\n` : stringify(resolved))
    })
}

/** An absent file is empty where nobody asked for it by name: all defaults. */
async function textOf(file: string, optional: boolean): Promise<string> {
  try {
    return await readFile(file, "utf8")
  } catch (cause) {
    if (optional && (cause as NodeJS.ErrnoException).code === "ENOENT") return ""
    throw new BifrostError(cliErrors.FILE_UNREADABLE, { detail: messageOf(cause), cause })
  }
}

async function writing(file: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST")
      throw new BifrostError(cliErrors.FILE_EXISTS, { detail: file, cause })
    throw new BifrostError(cliErrors.FILE_UNWRITABLE, { detail: messageOf(cause), cause })
  }
}
