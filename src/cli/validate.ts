import { readFile } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import type { Command } from "commander"
import { services } from "../../services/index.ts"
import type { Host } from "../api/inventory.ts"
import type { Inventory } from "../deploy/inventory.ts"
import { parseLock } from "../deploy/lock.ts"
import { readSiteFolder, siteFile } from "../deploy/site/files.ts"
import { isError } from "../deploy/site/finding.ts"
import { inspectSite } from "../deploy/site/inspect.ts"
import { readOptionLists } from "../deploy/site/option-lists.ts"
import { BifrostError } from "../util/errors.ts"
import { inState, pathsFrom } from "../util/paths.ts"
import { Client } from "./client.ts"
import { cliErrors, exitCodes } from "./errors.ts"
import { examples } from "./examples.ts"
import { showFindings } from "./show/findings.ts"

interface Flags {
  readonly json?: boolean
  readonly strict?: boolean
}

const help = `
Names of hosts and groups, and override files, are compared with the inventory when the provisioner answers.
Exit code: 0 no errors (there may be warnings), 1 errors, or with --strict warnings.`

/** `bifrost-ts validate [FILE]`. */
export function registerValidate(program: Command): void {
  program
    .command("validate")
    .argument("[file]", "site file, its override files in config/ beside it; STATE/site/bifrost.yaml by default")
    .description("check the site file and the override files, without touching a host")
    .option("--strict", "fail on warnings too")
    .option("--json", "print the findings as JSON")
    .addHelpText("after", help)
    .addHelpText("after", examples("validate", "validate ./bifrost.yaml", "validate --json | jq .findings"))
    .action(async (given: string | undefined, { json, strict = false }: Flags) => {
      const file = given ?? join(inState.site(pathsFrom(process.env)), siteFile)
      const folder = await readSiteFolder(dirname(resolve(file)), resolve(file))
      if (given !== undefined && folder.site === undefined)
        throw new BifrostError(cliErrors.FILE_UNREADABLE, { detail: file })
      const inventory = await knownInventory()
      const options = await optionLists()
      const { findings } = inspectSite({
        ...{ folder, services, name: basename(file) },
        ...(inventory && { inventory }),
        ...(options && { options }),
      })
      const valid = !findings.some((each) => strict || isError(each))
      const report = {
        file,
        present: folder.site !== undefined,
        hosts_checked: inventory !== undefined,
        valid,
        findings,
      }
      console.log(json ? JSON.stringify(report, null, 2) : showFindings(report, dirname(file)))
      if (!valid) process.exitCode = exitCodes.failed
    })
}

/** The enrolled nodes, whatever their state; undefined when nobody can be asked. */
async function knownInventory(): Promise<Inventory | undefined> {
  try {
    const { hosts } = await new Client().get<{ hosts: Host[] }>("/v1/inventory")
    const reached = { port: 22, user: "root", hostKey: "" }
    return { hosts: hosts.map(({ name, address, groups }) => ({ ...reached, name, address: address ?? "", groups })) }
  } catch (error) {
    const codes: string[] = [cliErrors.SERVICE_DOWN.code, cliErrors.SERVICE_CLOSED.code]
    if (error instanceof BifrostError && codes.includes(error.code)) return undefined
    throw error
  }
}

/** What the pushed images' services know; undefined before the first push. */
async function optionLists() {
  const paths = pathsFrom(process.env)
  const lock = await readFile(inState.imagesLock(paths), "utf8").catch(() => undefined)
  return lock === undefined ? undefined : readOptionLists(inState.options(paths), parseLock(lock))
}
