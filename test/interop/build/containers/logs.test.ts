import { once } from "node:events"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { type AddressInfo, createServer, type Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import logs from "../../../../services/logs/service.ts"
import { localReference } from "../../../../src/build/containers/catalog.ts"
import { run } from "../../../../src/util/run.ts"
import { builtImages } from "../../deploy/container-host.ts"

/** What becomes of a service's log, by the containers that stand beside it on every host, in the volume that they share. */

const name = `bifrost-logs-${process.pid}`
const volume = `${name}:/var/log/kolla`
let folder: string
let central: Server
let received = ""

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bifrost-logs-"))
  central = createServer((socket) => socket.setEncoding("utf8").on("data", (text: string) => (received += text)))
  await once(central.listen(0, "127.0.0.1"), "listening")
  await start("cron")
  await inCron("install -d -o root -g kolla -m 2775 /var/log/kolla/nova")
}, 600_000)

afterAll(async () => {
  for (const unit of ["cron", "rsyslog"]) await run("docker", ["rm", "-f", `${name}-${unit}`]).catch(() => {})
  await run("docker", ["volume", "rm", "-f", name])
  await new Promise((resolve) => central.close(resolve))
  await rm(folder, { recursive: true, force: true })
})

const inCron = async (script: string) =>
  (await run("docker", ["exec", "-u", "root", `${name}-cron`, "sh", "-ec", script])).stdout.trim()

/** A container of the service's definition, which finds the operator's file in place of the one that says nothing. */
async function start(unit: string, files: Readonly<Record<string, string>> = {}): Promise<void> {
  const definition = logs.containers.find((each) => each.name === unit)!
  const [recipe] = await builtImages([definition.image])
  const config = {
    command: definition.command({} as never),
    config_files: (definition.files ?? []).map(({ name: file, dest, owner, perm }) => ({
      ...{ source: `/var/lib/kolla/config_files/${file}`, dest, owner, perm },
    })),
  }
  await writeFile(join(folder, "config.json"), JSON.stringify(config))
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text)
  const mounts = ["-v", `${folder}:/var/lib/kolla/config_files:ro`, "-v", volume]
  const image = localReference(definition.image, recipe!.hash)
  await run("docker", ["run", "-d", "--name", `${name}-${unit}`, "--network", "host", ...mounts, image])
}

it("is emptied once it is long, while the service goes on writing to the file that it has open", async () => {
  const service = [
    "exec 3>>/var/log/kolla/nova/nova-api.log",
    "head -c 101M /dev/zero >&3",
    "/etc/cron.daily/logrotate",
    "echo went on >&3",
    "cd /var/log/kolla/nova && stat -c '%n %s' nova-api.log nova-api.log.1",
  ]
  expect(await inCron(service.join("\n"))).toBe(`nova-api.log 8\nnova-api.log.1 ${101 * 1024 ** 2}`)
})

it("is packed at the next turn, and forgotten after the sixth", async () => {
  const turn = "echo a line > nova-api.log; logrotate --force /etc/logrotate.conf"
  const listed = await inCron(`cd /var/log/kolla/nova; for turn in 1 2 3 4 5 6 7; do ${turn}; done; ls`)
  const packed = [2, 3, 4, 5, 6].map((turn) => `nova-api.log.${turn}.gz`)
  expect(listed.split("\n")).toEqual(["nova-api.log", "nova-api.log.1", ...packed])
})

it("is sent where the site's rule says, each line with the file that it is from", async () => {
  const { port } = central.address() as AddressInfo
  const rule = `action(type="omfwd" target="127.0.0.1" port="${port}" protocol="tcp" template="kolla")\n`
  await start("rsyslog", { "destinations.conf": rule })
  await inCron("echo 'ERROR no valid host' > /var/log/kolla/nova/nova-scheduler.log")
  // RFC 5424 §6.2: facility local0, severity notice; time, host, then the application's name.
  const line = /^<133>1 \d{4}-\S+ \S+ nova\/nova-scheduler - - - ERROR no valid host\n/m
  await expect.poll(() => received, { timeout: 30_000 }).toMatch(line)
})
