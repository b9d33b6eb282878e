import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { discoverHosts, mapCells } from "../../../../services/nova/cells.ts"
import type { FileDefinition, ServiceContext } from "../../../../src/deploy/service.ts"
import { run } from "../../../../src/util/run.ts"

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cells-"))
})

afterEach(() => rm(folder, { recursive: true }))

/** Runs a script where nova-manage notes its arguments, and answers a query as nova 31 does. */
async function runWith(file: FileDefinition, hosts: Record<string, string[]>, answers: Record<string, string>) {
  const carriers = (container: string) => (hosts[container] ?? []).map((name) => ({ name }))
  const script = join(folder, file.name)
  await writeFile(script, String(file.content({ carriers } as unknown as ServiceContext)))
  const calls = join(folder, "calls")
  const cases = Object.entries(answers).map(([verb, answer]) => `${verb}) cat <<'END'\n${answer}\nEND\n;;`)
  const manage = `#!/bin/bash\nprintf '%s\\n' "$*" >> ${calls}\ncase "$2" in\n${cases.join("\n")}\nesac\n`
  await writeFile(join(folder, "nova-manage"), manage)
  await chmod(join(folder, "nova-manage"), 0o755)
  await run("env", [`PATH=${folder}:${process.env["PATH"]}`, "bash", script])
  return (await readFile(calls, "utf8")).trim().split("\n")
}

const cell0 =
  "| cell0 | 00000000-0000-0000-0000-000000000000 | none:/ | mysql+pymysql://nova:****@192.0.2.1:3306/nova_cell0 | False |"
const cell1 =
  "| cell1 | b5ed5ad9-442a-4a40-998c-f3ca7c458e68 | rabbit://openstack:****@192.0.2.1:5672// | mysql+pymysql://nova:****@192.0.2.1:3306/nova | False |"

it("makes the first cell, and says how every broker is reached", async () => {
  const calls = await runWith(mapCells, { rabbitmq: ["a", "b", "c"] }, { list_cells: cell0 })
  expect(calls).toEqual([
    "cell_v2 map_cell0 --database_connection {scheme}://{username}:{password}@{hostname}:{port}/nova_cell0?{query}",
    "cell_v2 list_cells",
    "cell_v2 create_cell --name cell1 --database_connection {scheme}://{username}:{password}@{hostname}:{port}/nova?{query} " +
      "--transport-url {scheme}://{username1}:{password1}@{hostname1}:{port1},{username2}:{password2}@{hostname2}:{port2}," +
      "{username3}:{password3}@{hostname3}:{port3}//?{query}",
  ])
})

it("brings a cell that is there to what is wanted, by its uuid", async () => {
  const calls = await runWith(mapCells, { rabbitmq: ["a"] }, { list_cells: `${cell0}\n${cell1}` })
  expect(calls.at(-1)).toBe(
    "cell_v2 update_cell --cell_uuid b5ed5ad9-442a-4a40-998c-f3ca7c458e68 --name cell1 " +
      "--database_connection {scheme}://{username}:{password}@{hostname}:{port}/nova?{query} " +
      "--transport-url {scheme}://{username}:{password}@{hostname}:{port}//?{query}",
  )
})

it("ends discovery when every hypervisor is known", async () => {
  const row = (host: string) => `|   cell1   | b5ed5ad9-442a-4a40-998c-f3ca7c458e68 |  ${host}   |`
  const answer = ["host1", "host2"].map(row).join("\n")
  const calls = await runWith(discoverHosts, { nova_compute: ["host1", "host2"] }, { list_hosts: answer })
  expect(calls).toEqual(["cell_v2 discover_hosts --verbose", "cell_v2 list_hosts"])
})
