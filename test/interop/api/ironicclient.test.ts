import { afterAll, beforeAll, expect, test } from "vitest"
import { API_USER, newApiPassword, passwordCheck } from "../../../src/api/auth.ts"
import { listenOnLoopback } from "../../../src/api/listen.ts"
import { run } from "../../../src/util/run.ts"
import { startService } from "../../unit/api/service.ts"

/** Debian's python3-ironicclient is the judge: a client of Ironic that knows nothing of us. */
let open: Awaited<ReturnType<typeof startService>>
let guarded: typeof open
const endpoint = { open: "", guarded: "" }
let password = ""

beforeAll(async () => {
  open = await startService()
  password = (await newApiPassword(open.store)).reveal()
  guarded = await startService({
    store: open.store,
    conductor: open.conductor,
    authenticate: passwordCheck(open.store),
  })
  endpoint.open = `http://127.0.0.1:${await listenOnLoopback(open.app, 0)}`
  endpoint.guarded = `http://127.0.0.1:${await listenOnLoopback(guarded.app, 0)}`
})
afterAll(async () => {
  await guarded?.close()
  await open?.close()
})

const baremetal = async (...args: string[]) =>
  (await run("baremetal", ["--os-auth-type", "none", "--os-endpoint", endpoint.open, ...args])).stdout.trim()

test("a node's life by the baremetal client: create, set, port, manage, provide, deploy, power, undeploy, delete", async () => {
  const driver = ["--driver", "ipmi", "--driver-info", "ipmi_address=10.0.0.1", "--driver-info", "ipmi_password=s3cret"]
  const made = JSON.parse(await baremetal("node", "create", "--name", "h0", ...driver, "-f", "json"))
  expect(made).toMatchObject({ name: "h0", provision_state: "enroll", driver_info: { ipmi_password: "******" } })
  await baremetal("port", "create", "52:54:00:aa:00:01", "--node", made.uuid)
  await baremetal("node", "set", "h0", "--driver-info", "ipmi_address=10.0.0.2", "--extra", "rack=7")
  await baremetal("node", "unset", "h0", "--extra", "rack")
  await baremetal("node", "manage", "h0", "--wait", "20")
  await baremetal("node", "provide", "h0", "--wait", "20")
  await baremetal("node", "deploy", "h0", "--wait", "20", "--config-drive", '{"meta_data": {"a": 1}}')
  await baremetal("node", "power", "off", "h0")
  const shown = JSON.parse(await baremetal("node", "show", "h0", "-f", "json"))
  expect(shown).toMatchObject({ provision_state: "active", power_state: "power off", extra: {} })
  expect(shown.driver_info).toEqual({ ipmi_address: "10.0.0.2", ipmi_password: "******" })
  expect((await open.store.secrets.get(made.uuid, "ipmi_password"))?.reveal()).toBe("s3cret")
  await baremetal("node", "maintenance", "set", "h0", "--reason", "fans")
  expect(JSON.parse(await baremetal("node", "list", "--maintenance", "-f", "json"))).toMatchObject([{ Name: "h0" }])
  await baremetal("node", "maintenance", "unset", "h0")
  await baremetal("node", "undeploy", "h0", "--wait", "20")
  await baremetal("node", "delete", "h0")
  expect(JSON.parse(await baremetal("port", "list", "-f", "json"))).toEqual([])
  expect(open.calls).toContainEqual(["provision", "h0", "active", { configdrive: { meta_data: { a: 1 } } }])
})

test("the client shows our one clear error", async () => {
  const failed = baremetal("node", "create", "--driver", "ilo", "--name", "h1")
  await expect(failed).rejects.toThrow(/driver ilo \(expected ipmi or manual-management\).*HTTP 400/)
  await expect(baremetal("node", "show", "nobody")).rejects.toThrow(/nobody/)
})

test("over HTTP basic, with the password and not without", async () => {
  const auth = ["--os-auth-type", "http_basic", "--os-endpoint", endpoint.guarded, "--os-username", API_USER]
  const list = (word: string) => run("baremetal", [...auth, "--os-password", word, "node", "list", "-f", "json"])
  expect(JSON.parse((await list(password)).stdout)).toEqual([])
  await expect(list("wrong")).rejects.toThrow(/HTTP 401/)
})
