import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
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
  const carriers = (container: string) => (hosts[container] ?? []).map((name) => ({ name, address: "192.0.2.1" }))
  const databaseUrl = () => "mysql+pymysql://nova@192.0.2.1:3306/nova"
  const [script, calls, known] = ["script", "calls", "answers"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  await writeFile(script, String(file.content({ carriers, databaseUrl } as unknown as ServiceContext)))
  await writeFile(known, JSON.stringify(answers))
  await mkdir(join(folder, "nova", "cmd"), { recursive: true })
  await writeFile(join(folder, "nova", "cmd", "manage.py"), manage(calls, known))
  await run("env", [`PYTHONPATH=${folder}`, "python3", script])
  return (await readFile(calls, "utf8")).trim().split("\n")
}

/** Fails when it is called twice in one process, as the real one does. */
const manage = (calls: string, answers: string) => `
import json, sys
called = False
def main():
    global called
    assert not called
    called = True
    with open(${JSON.stringify(calls)}, "a") as file:
        print(*sys.argv[1:], file=file)
    answer = json.load(open(${JSON.stringify(answers)})).get(sys.argv[2], "")
    if answer.startswith("exit "):
        return int(answer.split()[1])
    print(answer)
    return 0
`

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

it("ends with what nova-manage ended with", async () => {
  await expect(runWith(mapCells, { rabbitmq: ["a"] }, { map_cell0: "exit 2" })).rejects.toThrow(
    "nova-manage cell_v2 map_cell0 ended with exit code 2",
  )
})
