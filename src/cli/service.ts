import type { Command } from "commander"
import pc from "picocolors"
import type { CarriedUnit } from "../deploy/carried.ts"
import { Client, path } from "./client.ts"
import { examples } from "./examples.ts"
import { wholeNumber } from "./options.ts"
import { table } from "./table.ts"

interface HostFlag {
  readonly host?: string
}

/** `bifrost-ts service list|logs|exec`. */
export function registerService(program: Command): void {
  const service = program.command("service").description("what of the cloud runs on the hosts: list, logs, exec")

  service
    .command("list")
    .description("all containers of the site's services, host by host")
    .option("--host <host>", "only on this host")
    .option("--tasks", "tasks, too: what ran once and ended")
    .option("--json", "print JSON")
    .addHelpText("after", examples("service list", "service list --host compute3 --json"))
    .action(async ({ host, tasks, json }: HostFlag & { tasks?: boolean; json?: boolean }) => {
      const { units } = await new Client().get<{ units: CarriedUnit[] }>("/v1/services")
      const shown = units.filter((unit) => (tasks || !unit.task) && (host === undefined || unit.host === host))
      if (json) return console.log(JSON.stringify(shown, null, 2))
      const rows = shown
        .sort((a, b) => a.host.localeCompare(b.host))
        .map(({ host: at, service: name, container, state, health, status }) => [
          at,
          name,
          container,
          health ?? state,
          status,
        ])
      console.log(table(["HOST", "SERVICE", "CONTAINER", "STATE", ""], rows))
    })

  service
    .command("logs")
    .argument("<container>", "its name, as service list shows it")
    .description("what a container wrote; the site's secrets are masked")
    .option("--host <host>", "where it is, when it is on several hosts")
    .option("--tail <lines>", "how many of the last lines", wholeNumber, 100)
    .option("--follow", "go on with what comes, until Ctrl-C")
    .addHelpText("after", "\nThe provisioner's own log is bifrost-ts logs.")
    .addHelpText("after", examples("service logs keystone", "service logs nova_compute --host compute3 --follow"))
    .action(async (container: string, { host, tail, follow }: HostFlag & { tail: number; follow?: boolean }) => {
      const query = new URLSearchParams({
        tail: String(tail),
        ...(host && { host }),
        ...(follow && { follow: "true" }),
      })
      const lines = await new Client().stream(`${path`/v1/services/${container}/logs`}?${query}`)
      for await (const chunk of lines) process.stdout.write(chunk)
    })

  service
    .command("exec")
    .argument("<container>", "its name, as service list shows it")
    .argument("<command...>", "a program and its arguments; after -- when they begin with a dash")
    .description("run a program in a container and print what it says; its exit code is this command's")
    .option("--host <host>", "where it is, when it is on several hosts")
    .option("--user <user>", "as this user, instead of the container's own")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nIt has no standard input and no terminal; for a shell, use ssh and docker exec on the host.",
    )
    .addHelpText(
      "after",
      examples("service exec mariadb -- mariadb --version", "service exec --host compute3 nova_compute -- virsh list"),
    )
    .action(async (container: string, command: string[], flags: HostFlag & { user?: string; json?: boolean }) => {
      const { json, ...rest } = flags
      const outcome = await new Client().post<{ code: number; stdout: string; stderr: string }>(
        path`/v1/services/${container}/exec`,
        { command, ...rest },
      )
      if (json) console.log(JSON.stringify(outcome, null, 2))
      else {
        process.stdout.write(outcome.stdout)
        process.stderr.write(process.stderr.isTTY ? pc.dim(outcome.stderr) : outcome.stderr)
      }
      process.exitCode = outcome.code
    })
}
