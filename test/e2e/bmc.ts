import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Journey } from "../../scripts/journey/run.ts"

export interface Bmc {
  readonly bmc_address: string
  readonly bmc_port: string
  readonly bmc_user: string
  readonly bmc_password: string
}

/** The lab's BMCs by their machine's name, as its hosts.csv has them. None of its values holds a comma. */
export function bmcsOf(journey: Journey): Readonly<Record<string, Bmc>> {
  const [header = [], ...rows] = readFileSync(journey.hostsCsv, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => line.split(","))
  const records = rows.map((row) => Object.fromEntries(header.map((column, index) => [column, row[index] ?? ""])))
  return Object.fromEntries(records.map((record) => [record["name"], record as unknown as Bmc]))
}

/** ipmitool, in the lab's network. It reads the password from a file: what is on a command line anyone can see. */
export async function ipmitool(journey: Journey, bmc: Bmc, ...words: string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "bifrost-bmc-"))
  try {
    const password = join(folder, "password")
    writeFileSync(password, bmc.bmc_password, { mode: 0o600 })
    const session = ["-I", "lanplus", "-C", "17", "-H", bmc.bmc_address, "-p", bmc.bmc_port, "-U", bmc.bmc_user]
    const { code, stdout, stderr } = await journey.exec("ipmitool", ...session, "-f", password, ...words)
    if (code !== 0) throw new Error(`ipmitool ${words.join(" ")}: ${stderr.trim() || stdout.trim()}`)
    return stdout.trim()
  } finally {
    rmSync(folder, { recursive: true })
  }
}
