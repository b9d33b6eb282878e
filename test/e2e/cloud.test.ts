import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type NetworkPlugin, oneServer } from "../../scripts/journey/cloud.ts"
import { optionsOf, touchedBy, writeOption } from "../../scripts/journey/option.ts"
import { Journey } from "../../scripts/journey/run.ts"
import { services } from "../../services/index.ts"
import type { CarriedUnit } from "../../src/deploy/carried.ts"
import type { CheckResult } from "../../src/deploy/checks/finding.ts"
import { siteFile } from "../../src/deploy/site/files.ts"
import { run } from "../../src/util/run.ts"
import { openstackOf, until } from "./openstack.ts"

/**
 * The whole cloud on one server (a container that acts as one): laid down by the command line, then used by the real
 * client as a first user would, up to an instance that answers from outside. Each test goes on where the one before stopped.
 * NEUTRON_PLUGIN chooses what carries the networks, where it shall not be the default.
 */
const journey = new Journey(console.log)
const { run: openstack, value, json } = openstackOf(journey)
const folder = mkdtempSync(join(tmpdir(), "bifrost-cloud-"))
const key = join(folder, "key")
const clouds = join(journey.state, "access", "clouds.yaml")
const guest = join(journey.state, "images", "guest.raw")
const plugin = process.env["NEUTRON_PLUGIN"] as NetworkPlugin | undefined
let floating = ""

beforeAll(async () => {
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "first-user", "-f", key])
  for (const { stage, seconds } of await journey.run(oneServer(plugin)))
    console.log(`${stage}: ${seconds.toFixed(1)} s`)
})

afterAll(async () => {
  await journey.takeDown()
  rmSync(folder, { recursive: true, force: true })
})

/** What a program of this folder that drives a browser prints, inside the lab's network; it leaves a picture of at least so many bytes. */
async function inBrowser(program: string, bytes: number, ...words: string[]): Promise<string> {
  const picture = join("test-results", `${program}.png`)
  mkdirSync("test-results", { recursive: true })
  rmSync(picture, { force: true })
  const node = ["node", "--disable-warning=ExperimentalWarning", `test/e2e/${program}.ts`]
  const { stdout, stderr } = await journey.exec(...node, ...words, picture)
  expect(stderr).toBe("")
  expect(statSync(picture).size).toBeGreaterThan(bytes)
  return stdout
}

const fromOutside = (...words: string[]) => journey.exec(...words)
const page = async () => (await fromOutside("curl", "-sS", "--max-time", "5", `http://${floating}/`)).stdout
const ssh = (...words: string[]) =>
  fromOutside(
    "ssh",
    ...["-i", key, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=5"],
    `root@${floating}`,
    ...words,
  )

/** What every volume, snapshot or backup of the cloud is at: name → status. */
const statuses = async (...kind: string[]) =>
  Object.fromEntries(
    (await json<{ Name: string; Status: string }[]>(...kind, "list")).map((it) => [it.Name, it.Status]),
  )
const untilVolume = (name: string, status: string) =>
  until(
    `volume ${name}`,
    () => statuses("volume"),
    (seen) => seen[name] === status,
  )
/** In the instance; rejects with what it said when it fails. */
const inGuest = async (command: string) => {
  const { code, stdout, stderr } = await ssh(command)
  if (code !== 0) throw new Error(`${command}: ${stderr || stdout}`)
  return stdout.trim()
}

describe("the lab", () => {
  it("is whole with its Ceph, and a second `lab up` changes nothing", async () => {
    const { code, stdout } = await journey.bifrost(["lab", "up", "--name", journey.lab, ...oneServer(plugin).machines])
    expect(stdout).toContain("The lab is whole: nothing to do.")
    expect(stdout).toMatch(/ceph +running/)
    expect(code).toBe(0)
  })
})

describe("the deployment", () => {
  it("plans nothing afterwards", async () => {
    const { code, stdout } = await journey.bifrost(["plan"])
    expect(stdout).toContain("Nothing to change.")
    expect(code).toBe(0)
  })

  it("has every service in the catalog", async () => {
    const types = (await json<{ Type: string }[]>("catalog", "list")).map(({ Type }) => Type)
    expect(types.sort()).toEqual([
      "cloudformation",
      "compute",
      "identity",
      "image",
      "network",
      "orchestration",
      "placement",
      "volumev3",
    ])
  })

  it("has loaded its databases from the images' dumps, and migrated none", async () => {
    const units = await journey.json<CarriedUnit[]>(["service", "list", "--tasks"])
    const migrations = services.flatMap(({ tasks = [] }) => tasks).filter(({ migrates }) => migrates)
    const states = migrations.map(({ name }) => units.find(({ container }) => container === name))
    expect(states.map((unit) => `${unit?.container}: ${unit?.state}, ${unit?.status}`)).toEqual(
      migrations.map(({ name }) => `${name}: spared, Not run: its databases were loaded from its image's dump`),
    )
  })

  it("has quorum queues, and no user in its broker but its own", async () => {
    const rabbitmqctl = async <T>(...words: string[]): Promise<T[]> => {
      const how = ["service", "exec", "rabbitmq", "--", "rabbitmqctl", "--quiet", "--formatter", "json"]
      const { code, stdout, stderr } = await journey.bifrost([...how, ...words])
      expect(code, stderr).toBe(0)
      return JSON.parse(stdout)
    }
    const [queues, users] = await Promise.all([
      rabbitmqctl<{ name: string; type: string }>("list_queues", "name", "type"),
      rabbitmqctl<{ user: string }>("list_users"),
    ])
    const names = queues.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(["cinder-scheduler", "conductor", "engine", "scheduler"]))
    expect(queues.filter(({ type }) => type !== "quorum")).toEqual([])
    expect(users.map(({ user }) => user)).toEqual(["openstack"])
  })

  it("is found well by `check`, down to an answer of each API", async () => {
    const { code, stdout } = await journey.bifrost(["check", "--json"])
    const { findings } = JSON.parse(stdout) as CheckResult
    expect(findings.filter(({ status }) => status === "failed")).toEqual([])
    expect(findings.map(({ check }) => check)).toContain("api cloudformation")
    expect(code).toBe(0)
  })
})

describe("a first user", () => {
  it("uploads an image and makes a flavor", async () => {
    const disk = ["--disk-format", "raw", "--container-format", "bare", "--file", guest]
    await openstack("image", "create", "guest", ...disk, "--public")
    expect(await value("status", "image", "show", "guest")).toBe("active")
    expect(await value("ram", "flavor", "create", "tiny", "--ram", "192", "--disk", "1", "--vcpus", "1")).toBe("192")
  })

  it("makes networks, a router and a security group", async () => {
    const outside = ["--external", "--provider-network-type", "flat", "--provider-physical-network", "physnet1"]
    await openstack("network", "create", "public", ...outside)
    const pool = ["--allocation-pool", "start=172.24.4.50,end=172.24.4.99", "--gateway", "172.24.4.1", "--no-dhcp"]
    await openstack("subnet", "create", "public", "--network", "public", "--subnet-range", "172.24.4.0/24", ...pool)
    await openstack("network", "create", "inside")
    await openstack("subnet", "create", "inside", "--network", "inside", "--subnet-range", "10.20.0.0/24")
    await openstack("router", "create", "router", "--external-gateway", "public")
    await openstack("router", "add", "subnet", "router", "inside")
    await openstack("security", "group", "create", "web")
    for (const port of ["22", "80"])
      await openstack("security", "group", "rule", "create", "web", "--protocol", "tcp", "--dst-port", port)
    await openstack("keypair", "create", "mine", "--public-key", `${key}.pub`)
    expect(await value("status", "router", "show", "router")).toBe("ACTIVE")
  })

  it("boots an instance, which answers through its floating IP with what the metadata told it", async () => {
    const how = ["--image", "guest", "--flavor", "tiny", "--network", "inside", "--key-name", "mine"]
    await openstack("server", "create", "first", ...how, "--security-group", "web", "--wait")
    expect(await value("status", "server", "show", "first")).toBe("ACTIVE")
    floating = await value("floating_ip_address", "floating", "ip", "create", "public")
    await openstack("server", "add", "floating", "ip", "first", floating)
    const answer = await until("the instance's page", page, (text) => text.includes("first"))
    expect(answer).toContain(await value("id", "server", "show", "first"))
    const { stdout } = await until(
      "ssh",
      () => ssh("hostname"),
      ({ code }) => code === 0,
    )
    expect(stdout.trim()).toBe("first")
  })

  it("reads the console's log", async () => {
    const log = await until("the console's log", () => openstack("console", "log", "show", "first"), Boolean)
    expect(log).toContain("first-user")
  })

  it("reboots it hard, and it answers again", async () => {
    await openstack("server", "reboot", "--hard", "--wait", "first")
    expect(await value("status", "server", "show", "first")).toBe("ACTIVE")
    await until("the page after the reboot", page, (text) => text.includes("first"))
  })

  it("makes a stack, which waits for a signal to CloudFormation's API", async () => {
    const template = join(folder, "stack.yaml")
    writeFileSync(
      template,
      `heat_template_version: 2021-04-16
resources:
  net: { type: "OS::Neutron::Net" }
  handle: { type: "OS::Heat::WaitConditionHandle", properties: { signal_transport: CFN_SIGNAL } }
  signal: { type: "OS::Heat::WaitCondition", properties: { handle: { get_resource: handle }, timeout: 300 } }
outputs:
  told: { value: { get_attr: [signal, data] } }
`,
    )
    await openstack("stack", "create", "-t", template, "stack")
    const handle = () => json<{ attributes: { signal: string | null } }>("stack", "resource", "show", "stack", "handle")
    const { attributes } = await until("the handle", handle, (seen) => Boolean(seen.attributes.signal))
    const { alarm_url: url } = JSON.parse(attributes.signal!)
    const signal = JSON.stringify({ status: "SUCCESS", id: "1", data: "ready" })
    const put = ["curl", "-sS", "--fail-with-body", "-X", "PUT", "-H", "content-type: application/json", "-d", signal]
    const { code, stdout } = await fromOutside(...put, url)
    expect(code, stdout).toBe(0)
    const stack = () => json<{ stack_status: string; outputs: object[] }>("stack", "show", "stack")
    const made = await until("the stack", stack, ({ stack_status }) => stack_status !== "CREATE_IN_PROGRESS")
    expect(made.stack_status).toBe("CREATE_COMPLETE")
    expect(made.outputs).toMatchObject([{ output_key: "told", output_value: '{"1": "ready"}' }])
  })

  it("sees the instance in the dashboard", async () => {
    const { endpoints } = await journey.json<{ endpoints: { horizon: string } }>(["plan"])
    expect(await inBrowser("horizon", 20_000, endpoints.horizon, clouds)).toMatch(/first\s+guest/)
  })

  it("gets a console in the browser", async () => {
    const url = await value("url", "console", "url", "show", "--novnc", "first")
    expect(await inBrowser("console", 5000, url)).toMatch(/^Connected to /)
  })
})

describe("volumes", () => {
  it("are disks in an instance, which writes to them", async () => {
    await openstack("volume", "create", "data", "--size", "1")
    await untilVolume("data", "available")
    await openstack("server", "add", "volume", "first", "data")
    await until("the disk", page, (text) => text.includes("disk: vdb 1073741824 bytes"))
    await inGuest("echo kept > /dev/vdb && sync")
    // The instance has the disk a moment before Nova and Cinder have noted it.
    await untilVolume("data", "in-use")
    await openstack("server", "remove", "volume", "first", "data")
    await untilVolume("data", "available")
    await until("the disk's end", page, (text) => text.includes("first") && !text.includes("vdb"))
  })

  it("are clones of an image where both are in Ceph", async () => {
    await openstack("volume", "create", "bootable", "--size", "1", "--image", "guest")
    await openstack("volume", "snapshot", "create", "--volume", "data", "before")
    await openstack("volume", "backup", "create", "data", "--name", "saved")
    await untilVolume("bootable", "available")
    const [volume, image] = [
      await value("id", "volume", "show", "bootable"),
      await value("id", "image", "show", "guest"),
    ]
    const { stdout } = await run("docker", ["exec", `${journey.lab}-ceph`, "rbd", "info", `volumes/volume-${volume}`])
    expect(stdout).toContain(`parent: images/${image}@snap`)
    expect(await statuses("volume", "snapshot")).toEqual({ before: "available" })
  })

  it("come back from a backup with what was in them", async () => {
    const backups = () => statuses("volume", "backup")
    expect(await until("the backup", backups, ({ saved }) => saved === "available")).toEqual({ saved: "available" })
    // Version 6.0 of the client asks for it and then fails to print the answer: whether it is done, the volume tells.
    await journey.openstack("volume", "backup", "restore", "saved", "restored")
    await untilVolume("restored", "available")
    await openstack("server", "add", "volume", "first", "restored")
    await until("the restored disk", page, (text) => text.includes("disk: vdb"))
    expect(await inGuest("head -n 1 /dev/vdb")).toBe("kept")
  })
})

describe("a change of one option", () => {
  const deploy = () => touchedBy(journey, () => journey.bifrost(["deploy"]))

  it("is warned of where no service knows it, and refused where the site is strict", async () => {
    writeOption(journey, "nova", "cpu_alocation_ratio", "5")
    const plan = await journey.bifrost(["plan"])
    appendFileSync(join(journey.state, "site", siteFile), "strict: true\n")
    const { result, touched } = await deploy()
    rmSync(optionsOf(journey, "nova"))
    const told =
      'config/nova.conf:2:1: the service has no option cpu_alocation_ratio in [DEFAULT], did you mean "cpu_allocation_ratio"?'
    expect(plan.stderr).toContain(`warning ${told}`)
    expect(plan.code).toBe(2)
    expect(result.stderr).toContain(told)
    expect(result.code).toBe(1)
    expect(touched).toEqual([])
  })

  it.each([
    ["glance", "limit_param_default", "30", ["glance_api"]],
    [
      ...(["nova", "cpu_allocation_ratio", "5"] as const),
      ["nova_api", "nova_compute", "nova_conductor", "nova_metadata", "nova_novncproxy", "nova_scheduler"],
    ],
  ] as const)(
    "of %s is planned, and its deployment touches that service's containers alone",
    async (service, option, value, own) => {
      writeOption(journey, service, option, value)
      expect((await journey.bifrost(["plan"])).code).toBe(2)
      const { result, touched } = await deploy()
      expect(result.code, result.stdout + result.stderr).toBe(0)
      expect(touched).toEqual(own)
      expect((await journey.bifrost(["plan"])).code).toBe(0)
    },
  )
})

/** Prints what the host's engine tells of every container, on the host, which has no client of the engine. */
const inspectAll = `
import http.client, json, socket
class Engine(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/run/docker.sock")
def get(path):
    engine = Engine("engine")
    engine.request("GET", path)
    return engine.getresponse().read().decode()
for container in json.loads(get("/containers/json?all=1")):
    print(get("/containers/" + container["Id"] + "/json"))
`

it("tells nobody a secret: not in labels, environments, command lines", async () => {
  const password = /password: (\S+)/.exec(readFileSync(clouds, "utf8"))?.[1] ?? "none"
  const program = `python3 -c '${inspectAll}'; cat /proc/[0-9]*/cmdline | tr '\\0' ' '`
  const seen = await journey.ssh("host1", program)
  for (const shown of ['"Name":"/nova_api"', '"Name":"/mariadb"', "neutron-server"])
    expect(seen.stdout).toContain(shown)
  expect(seen.stdout).not.toContain(password)
})
