import fc from "fast-check"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { startService } from "./service.ts"

let service: Awaited<ReturnType<typeof startService>>
beforeEach(async () => {
  service = await startService()
})
afterEach(() => service.close())

interface Asked {
  readonly version?: string
  readonly body?: unknown
}

async function ask(method: string, url: string, { version = "1.115", body }: Asked = {}) {
  const answer = await service.app.inject({
    method: method as "GET",
    url,
    headers: {
      "x-openstack-ironic-api-version": version,
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { payload: JSON.stringify(body) }),
  })
  const json = /json/.test(String(answer.headers["content-type"])) ? answer.json() : undefined
  return { status: answer.statusCode, headers: answer.headers, json }
}

const faultOf = (json: { error_message: string }): string => JSON.parse(json.error_message).faultstring
const add = (body: object) => ask("POST", "/v1/nodes", { body: { driver: "ipmi", ...body } })

describe("versions", () => {
  test("the root tells what is offered, and every answer says which version it is", async () => {
    const { json, headers } = await ask("GET", "/", { version: "1.1" })
    expect(json.default_version).toMatchObject({ id: "v1", min_version: "1.1", version: "1.115", status: "CURRENT" })
    expect(headers).toMatchObject({
      "x-openstack-ironic-api-version": "1.1",
      "x-openstack-ironic-api-minimum-version": "1.1",
      "x-openstack-ironic-api-maximum-version": "1.115",
    })
    expect((await ask("GET", "/v1/")).json).toMatchObject({ id: "v1", nodes: [{ rel: "self" }, { rel: "bookmark" }] })
  })

  test.each(["1.116", "1.0", "2.1", "nonsense", ""])("%j is refused with the offered range", async (version) => {
    const { status, headers, json } = await ask("GET", "/v1/nodes", { version })
    expect(status).toBe(406)
    expect(headers["x-openstack-ironic-api-maximum-version"]).toBe("1.115")
    expect(faultOf(json)).toContain("1.1 to 1.115")
  })

  test("latest, the common header, and none", async () => {
    expect((await ask("GET", "/v1/nodes", { version: "latest" })).headers["x-openstack-ironic-api-version"]).toBe(
      "1.115",
    )
    const common = await service.app.inject({
      url: "/v1/nodes",
      headers: { "openstack-api-version": "compute 2.1, baremetal 1.72" },
    })
    expect(common.headers["x-openstack-ironic-api-version"]).toBe("1.72")
    expect((await service.app.inject({ url: "/v1/nodes" })).headers["x-openstack-ironic-api-version"]).toBe("1.1")
  })

  test("a newer field is neither shown nor accepted", async () => {
    const { json: node } = await add({ name: "h0", resource_class: "big" })
    const old = await ask("GET", `/v1/nodes/${node.uuid}`, { version: "1.4" })
    expect(Object.keys(old.json)).not.toContain("name")
    expect(Object.keys(old.json)).not.toContain("resource_class")
    expect(node).toMatchObject({ name: "h0", resource_class: "big" })
    const refused = await ask("POST", "/v1/nodes", { version: "1.4", body: { driver: "ipmi", name: "h1" } })
    expect([refused.status, faultOf(refused.json)]).toEqual([400, expect.stringContaining("API version 1.5 or later")])
    expect((await ask("GET", "/v1/conductors", { version: "1.48" })).status).toBe(404)
    expect(
      (await ask("PUT", "/v1/nodes/h0/states/provision", { version: "1.3", body: { target: "manage" } })).status,
    ).toBe(400)
  })
})

describe("nodes", () => {
  test("are made, shown, listed, changed and removed", async () => {
    const made = await add({ name: "h0", driver_info: { ipmi_address: "10.0.0.1" }, extra: { rack: 1 } })
    expect(made.status).toBe(201)
    const { uuid } = made.json
    expect(made.json).toMatchObject({ provision_state: "enroll", power_interface: "ipmitool", maintenance: false })
    expect((await ask("GET", "/v1/nodes")).json.nodes).toEqual([
      {
        ...{ uuid, name: "h0", instance_uuid: null, power_state: null, provision_state: "enroll", maintenance: false },
        links: expect.any(Array),
      },
    ])
    expect((await ask("GET", "/v1/nodes?fields=uuid,extra")).json.nodes).toEqual([
      { uuid, extra: { rack: 1 }, links: expect.any(Array) },
    ])
    expect((await ask("GET", "/v1/nodes/detail")).json.nodes[0].driver_info).toEqual({ ipmi_address: "10.0.0.1" })
    const patch = [
      { op: "add", path: "/extra/owner", value: "me" },
      { op: "remove", path: "/extra/rack" },
      { op: "replace", path: "/name", value: "h0.example" },
      { op: "add", path: "/groups/-", value: "control" },
    ]
    const changed = await ask("PATCH", "/v1/nodes/h0", { body: patch })
    expect(changed.json).toMatchObject({ name: "h0.example", extra: { owner: "me" }, groups: ["control"] })
    expect(
      (await ask("PATCH", "/v1/nodes/h0.example", { body: [{ op: "remove", path: "/name" }] })).json.name,
    ).toBeNull()
    expect((await ask("DELETE", `/v1/nodes/${uuid}`)).status).toBe(204)
    expect((await ask("GET", `/v1/nodes/${uuid}`)).status).toBe(404)
  })

  test("passwords are kept sealed and shown masked, whichever way they come and go", async () => {
    const { json } = await add({ name: "h0", driver_info: { ipmi_address: "10.0.0.1", ipmi_password: "s3cret" } })
    expect(json.driver_info).toEqual({ ipmi_address: "10.0.0.1", ipmi_password: "******" })
    const stored = async () => (await service.store.secrets.get(json.uuid, "ipmi_password"))?.reveal()
    expect(await stored()).toBe("s3cret")
    expect(JSON.stringify(await service.store.nodes.list())).not.toContain("s3cret")
    const patch = (body: object[]) => ask("PATCH", "/v1/nodes/h0", { body })
    await patch([{ op: "replace", path: "/driver_info/ipmi_address", value: "10.0.0.2" }])
    expect(await stored()).toBe("s3cret")
    await patch([{ op: "replace", path: "/driver_info", value: { ipmi_address: "10.0.0.3", ipmi_password: "******" } }])
    expect(await stored()).toBe("s3cret")
    const answer = await patch([{ op: "add", path: "/driver_info/ipmi_password", value: "other" }])
    expect(answer.json.driver_info).toEqual({ ipmi_address: "10.0.0.3", ipmi_password: "******" })
    expect(await stored()).toBe("other")
    await patch([{ op: "remove", path: "/driver_info/ipmi_password" }])
    expect(await stored()).toBeUndefined()
    expect((await service.store.nodes.find("h0"))?.driver_info).toEqual({ ipmi_address: "10.0.0.3" })
  })

  test("are filtered, sorted and paged", async () => {
    for (const name of ["c", "a", "b"]) await add({ name })
    await ask("PUT", "/v1/nodes/b/maintenance", { body: { reason: "new fans" } })
    const names = async (query: string) =>
      (await ask("GET", `/v1/nodes?${query}`)).json.nodes?.map((node: { name: string }) => node.name)
    expect(await names("maintenance=true")).toEqual(["b"])
    expect(await names("associated=false&sort_key=name&sort_dir=desc")).toEqual(["c", "b", "a"])
    const first = (await ask("GET", "/v1/nodes?sort_key=name&limit=2")).json
    expect(first.nodes).toHaveLength(2)
    expect(await names(new URL(first.next).search.slice(1))).toEqual(["c"])
    expect((await ask("GET", "/v1/nodes?limit=0")).json.nodes).toHaveLength(3)
  })

  test.each<[string, string, string, unknown, number, string]>([
    ["an unknown field", "POST", "/v1/nodes", { driver: "ipmi", colour: "red" }, 400, "colour"],
    ["a wrong type", "POST", "/v1/nodes", { driver: "ipmi", extra: [] }, 400, "an object"],
    ["no driver", "POST", "/v1/nodes", { name: "x" }, 400, "driver"],
    ["a driver that is not there", "POST", "/v1/nodes", { driver: "ilo" }, 400, "expected ipmi"],
    ["a driver that we do not have yet", "POST", "/v1/nodes", { driver: "redfish" }, 400, "expected ipmi"],
    ["a name that is no host name", "POST", "/v1/nodes", { driver: "ipmi", name: "a_b" }, 400, "host name"],
    ["a state by hand", "POST", "/v1/nodes", { driver: "ipmi", provision_state: "active" }, 400, "provision_state"],
    ["another interface", "POST", "/v1/nodes", { driver: "ipmi", deploy_interface: "ansible" }, 400, "direct"],
    ["a name that is taken", "POST", "/v1/nodes", { driver: "ipmi", name: "taken" }, 409, "name is in use"],
    [
      "another uuid",
      "PATCH",
      "/v1/nodes/taken",
      [{ op: "replace", path: "/uuid", value: "a8cb6624-0d9f-c882-affc-046ebb96ec01" }],
      400,
      "uuid",
    ],
    ["no patch", "PATCH", "/v1/nodes/taken", { name: "x" }, 400, "JSON Patch"],
    ["a patch of nothing", "PATCH", "/v1/nodes/taken", [{ op: "remove", path: "/extra/none" }], 400, "/extra/none"],
    ["an unknown query", "GET", "/v1/nodes?colour=red", undefined, 400, "?colour"],
    ["an unknown field to show", "GET", "/v1/nodes?fields=colour", undefined, 400, "colour"],
    ["an unknown node", "GET", "/v1/nodes/nobody", undefined, 404, "nobody"],
    ["an unknown path", "GET", "/v1/nothing", undefined, 404, "/v1/nothing"],
    ["an unknown target", "PUT", "/v1/nodes/taken/states/provision", { target: "fly" }, 400, "fly"],
    [
      "steps that are not carried out",
      "PUT",
      "/v1/nodes/taken/states/provision",
      { target: "deploy", runbook: "x" },
      400,
      "runbook",
    ],
    [
      "a group address",
      "POST",
      "/v1/ports",
      { address: "01:00:5e:00:00:01", node_uuid: "a8cb6624-0d9f-c882-affc-046ebb96ec01" },
      400,
      "MAC",
    ],
  ])("%s is one clear error", async (_, method, url, body, status, text) => {
    await add({ name: "taken" })
    const answer = await ask(method, url, { body })
    expect(answer.status).toBe(status)
    expect(faultOf(answer.json)).toContain(text)
    expect(answer.json.error).toMatchObject({ code: expect.any(String), remedy: expect.stringMatching(/./) })
    expect(service.failures).toEqual([])
  })

  test("an active node's record is not removed", async () => {
    await add({ name: "h0" })
    await ask("PUT", "/v1/nodes/h0/states/provision", { body: { target: "active" } })
    const refused = await ask("DELETE", "/v1/nodes/h0")
    expect([refused.status, faultOf(refused.json)]).toEqual([409, expect.stringContaining("it is active")])
  })
})

test("ports are made, found by node and address, changed and removed", async () => {
  const { json: node } = await add({ name: "h0" })
  const made = await ask("POST", "/v1/ports", { body: { address: "52:54:00:AA:00:01", node_uuid: node.uuid } })
  expect(made).toMatchObject({
    status: 201,
    json: { address: "52:54:00:aa:00:01", node_uuid: node.uuid, pxe_enabled: true },
  })
  expect((await ask("GET", "/v1/nodes/h0/ports")).json.ports).toHaveLength(1)
  expect((await ask("GET", "/v1/ports?address=52:54:00:aa:00:01")).json.ports).toHaveLength(1)
  expect((await ask("GET", "/v1/ports/detail?node=h0")).json.ports[0].node_uuid).toBe(node.uuid)
  const again = await ask("POST", "/v1/ports", { body: { address: "52:54:00:aa:00:01", node_uuid: node.uuid } })
  expect(again.status).toBe(409)
  const changed = await ask("PATCH", `/v1/ports/${made.json.uuid}`, {
    body: [{ op: "replace", path: "/pxe_enabled", value: false }],
  })
  expect(changed.json.pxe_enabled).toBe(false)
  expect((await ask("DELETE", `/v1/ports/${made.json.uuid}`)).status).toBe(204)
  expect((await ask("GET", `/v1/ports/${made.json.uuid}`)).status).toBe(404)
})

test("states, power, boot device and the rest reach the conductor", async () => {
  await add({ name: "h0" })
  const configdrive = { meta_data: { a: 1 } }
  expect((await ask("PUT", "/v1/nodes/h0/states/provision", { body: { target: "deploy", configdrive } })).status).toBe(
    202,
  )
  expect((await ask("PUT", "/v1/nodes/h0/states/power", { body: { target: "rebooting", timeout: 5 } })).status).toBe(
    202,
  )
  const boot = { boot_device: "pxe", persistent: true }
  expect((await ask("PUT", "/v1/nodes/h0/management/boot_device", { body: boot })).status).toBe(204)
  expect(service.calls).toEqual([
    ["provision", "h0", "deploy", { configdrive }],
    ["power", "h0", "rebooting"],
    ["setBootDevice", "h0", "pxe", true],
  ])
  expect((await ask("GET", "/v1/nodes/h0/states")).json).toMatchObject({
    provision_state: "active",
    power_state: "power on",
  })
  expect((await ask("GET", "/v1/nodes/h0/management/boot_device")).json).toEqual({
    boot_device: "disk",
    persistent: true,
  })
  expect((await ask("GET", "/v1/nodes/h0/validate")).json.deploy.result).toBe(false)
  expect((await ask("GET", "/v1/drivers")).json.drivers.map((driver: { name: string }) => driver.name)).toEqual([
    "ipmi",
    "manual-management",
  ])
  expect((await ask("GET", "/v1/conductors")).json.conductors).toMatchObject([{ hostname: "test-host", alive: true }])
})

test("what is not JSON is one clear error", async () => {
  const headers = { "x-openstack-ironic-api-version": "1.115", "content-type": "application/json" }
  const broken = await service.app.inject({ method: "POST", url: "/v1/nodes", headers, payload: '{"driver": ' })
  expect([broken.statusCode, faultOf(broken.json())]).toEqual([400, expect.stringContaining("JSON")])
  const form = await service.app.inject({
    method: "POST",
    url: "/v1/nodes",
    headers: { "content-type": "text/x" },
    payload: "a",
  })
  expect(form.statusCode).toBe(415)
  const bare = { ...headers, "content-type": "application/octet-stream" }
  const empty = await service.app.inject({ method: "DELETE", url: "/v1/nodes/nobody", headers: bare })
  expect(empty.statusCode).toBe(404)
})

test("no request makes the service fail", async () => {
  await add({ name: "h0" })
  const methods = fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE")
  const paths = fc.constantFrom(
    ...[
      "/v1/nodes",
      "/v1/nodes/h0",
      "/v1/ports",
      "/v1/nodes/h0/states/provision",
      "/v1/nodes/h0/states/power",
      "/v1/runs",
    ],
    ...[
      "/v1/nodes/h0/maintenance",
      "/v1/enrollments",
      "/v1/inventory",
      "/v1/nodes/h0/management/boot_device",
      "/v1/events?since=0",
    ],
  )
  const names = fc.constantFrom(
    "driver",
    "name",
    "extra",
    "op",
    "path",
    "value",
    "target",
    "content",
    "filename",
    "nodes",
    "__proto__",
  )
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom("/extra/a", "/name", "add", "remove", "replace", "test", "deploy"),
  )
  const object = fc.dictionary(names, value, { maxKeys: 4 })
  const body = fc.oneof(object, fc.array(object, { maxLength: 3 }), fc.jsonValue({ maxDepth: 2 }))
  await fc.assert(
    fc.asyncProperty(methods, paths, body, async (method, path, given) => {
      const { status } = await ask(method, path, { body: given })
      expect(status).toBeLessThan(500)
    }),
    { numRuns: 250 },
  )
  expect(service.failures).toEqual([])
})
