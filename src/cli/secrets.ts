import { createInterface } from "node:readline/promises"
import type { Command } from "commander"
import pc from "picocolors"
import type { SecretEntry, SecretImport } from "../deploy/secret-book.ts"
import { BifrostError } from "../util/errors.ts"
import { Client, path } from "./client.ts"
import { cliErrors } from "./errors.ts"
import { examples } from "./examples.ts"
import { readInput } from "./input.ts"
import { table } from "./table.ts"

interface Json {
  readonly json?: boolean
}

/** `bifrost-ts secrets list|show|rotate|import`. */
export function registerSecrets(program: Command): void {
  const secrets = program
    .command("secrets")
    .description("the cloud's passwords and keys, by kolla-ansible's names; made on first use, kept encrypted")

  secrets
    .command("list")
    .description("which there are and who uses them; never their values")
    .option("--json", "print JSON")
    .addHelpText("after", examples("secrets list", "secrets list --json | jq -r '.[].name'"))
    .action(async ({ json }: Json) => {
      const { secrets: entries } = await new Client().get<{ secrets: SecretEntry[] }>("/v1/secrets")
      console.log(json ? JSON.stringify(entries, null, 2) : listed(entries))
    })

  secrets
    .command("show")
    .argument("<name>")
    .description("print one value; asks first on a terminal")
    .option("--reveal", "do not ask")
    .addHelpText(
      "after",
      examples("secrets show keystone_admin_password", "secrets show --reveal heat_domain_admin_password | xclip"),
    )
    .action(async (name: string, { reveal }: { reveal?: boolean }) => {
      if (!reveal) await confirm(name)
      const { value } = await new Client().get<{ value: string }>(path`/v1/secrets/${name}`)
      console.log(value)
    })

  secrets
    .command("rotate")
    .argument("<name>")
    .description("make a new value; the next deploy brings it to the hosts")
    .addHelpText("after", "\nThe plan shows what that changes: files, containers, the database's user.")
    .addHelpText(
      "after",
      examples(
        "secrets rotate keystone_database_password && bifrost-ts plan",
        "secrets rotate keystone_fernet_keys && bifrost-ts deploy --only keystone",
        "secrets rotate keystone_credential_keys && bifrost-ts deploy --only keystone",
      ),
    )
    .action(async (name: string) => {
      await new Client().post(path`/v1/secrets/${name}/rotate`, {})
      console.log(`${name} has a new value. See what it changes: bifrost-ts plan   Do it: bifrost-ts deploy`)
    })

  secrets
    .command("import")
    .argument("<file>", "kolla-ansible's passwords.yml; - reads standard input")
    .description("take over the passwords of a cloud that kolla-ansible has made; all or nothing")
    .option("--dry-run", "only show what would change")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples("secrets import --dry-run /etc/kolla/passwords.yml", "secrets import /etc/kolla/passwords.yml"),
    )
    .action(async (file: string, { dryRun = false, json }: Json & { dryRun?: boolean }) => {
      const request = { content: await readInput(file), dry_run: dryRun }
      const report = await new Client().post<SecretImport>("/v1/secrets", request)
      console.log(json ? JSON.stringify(report, null, 2) : imported(report, dryRun))
    })
}

function listed(entries: readonly SecretEntry[]): string {
  const rows = entries.map(({ name, service, kind, present }) => [
    name,
    service ?? "-",
    kind,
    present ? "kept" : kind === "given" ? "yours to import" : "made by the first deploy",
  ])
  return table(["NAME", "SERVICE", "KIND", "VALUE"], rows)
}

function imported({ added, changed, unchanged, unused, empty }: SecretImport, dryRun: boolean): string {
  const lines = [
    ...added.map((name) => `${pc.green("+")} ${name}`),
    ...changed.map((name) => `${pc.yellow("~")} ${name}`),
  ]
  const notes = [
    ...(unused.length > 0
      ? [`${unused.length} are kept for services that this release does not have: ${unused.join(", ")}`]
      : []),
    ...(empty.length > 0 ? [`${empty.length} have no value and were left out: ${empty.join(", ")}`] : []),
  ]
  const total = `${added.length} added, ${changed.length} changed, ${unchanged.length} unchanged${dryRun ? ", if it were not a dry run" : ""}.`
  return [...lines, ...notes.map((note) => pc.dim(note)), total].join("\n")
}

/** Asks on the terminal; where there is none, the flag must say it. */
async function confirm(name: string): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new BifrostError(cliErrors.SECRET_NOT_SHOWN, { detail: name })
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await terminal.question(`Show ${name} here? [y/N] `).finally(() => terminal.close())
  if (!/^y(es)?$/i.test(answer.trim())) throw new BifrostError(cliErrors.SECRET_NOT_SHOWN, { detail: name })
}
