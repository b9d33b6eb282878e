import { describe, expect, it } from "vitest"
import { services } from "../../../services/index.ts"
import { demultiplex } from "../../../src/deploy/engine.ts"
import { lineDiff, planFiles, withoutSecrets } from "../../../src/deploy/files.ts"
import { imageReference, parseLock } from "../../../src/deploy/lock.ts"
import { redact } from "../../../src/deploy/secrets.ts"
import { type ServiceContext, workers } from "../../../src/deploy/service.ts"
import { defaultSite, resolveSite } from "../../../src/deploy/site.ts"
import { labels, renderUnit } from "../../../src/deploy/unit.ts"
import { Secret } from "../../../src/util/secret.ts"

const host = { name: "host1", address: "192.0.2.11", port: 22, user: "root", hostKey: "", groups: ["control"] }
const context = (site = defaultSite, cpus = 2, memoryMb = 2048): ServiceContext => ({
  site,
  host,
  facts: { cpus, memoryMb, interfaces: [] },
  carriers: () => [host],
  network: () => ({ interface: "eth0", address: host.address }),
  fronts: [],
  endpoint: () => "http://192.0.2.11:5000",
  certificate: () => undefined,
  authorities: "",
  secret: (name) => `secret-${name}`,
  databaseUrl: ({ name }) => `mysql+pymysql://${name}:secret-db@192.0.2.11:3306/${name}`,
})
const keystone = services.find(({ name }) => name === "keystone")!.containers[0]!

it("renders Kolla's folder: config.json names each file, who owns it and what runs", () => {
  const unit = renderUnit(keystone, "registry/keystone@sha256:1", context())
  expect(unit.options.HostConfig!.Binds).toContain("/etc/kolla/keystone/:/var/lib/kolla/config_files/:ro")
  const config = JSON.parse(unit.files.find(({ path }) => path.endsWith("config.json"))!.content)
  expect(config.command).toBe("uwsgi --ini /etc/keystone/keystone-uwsgi.ini")
  expect(config.config_files[0]).toEqual({
    source: "/var/lib/kolla/config_files/keystone.conf",
    dest: "/etc/keystone/keystone.conf",
    owner: "keystone:keystone",
    perm: "0600",
  })
  expect(JSON.stringify(unit.options)).not.toContain("secret-")
  expect(JSON.stringify(unit.labels)).not.toContain("secret-")
})

describe("what a container is made from", () => {
  const base = renderUnit(keystone, "k@1", context()).labels
  it.each([
    ["image", labels.image, renderUnit(keystone, "k@2", context())],
    ["environment", labels.environment, renderUnit({ ...keystone, environment: () => ({ A: "1" }) }, "k@1", context())],
    ["mounts", labels.mounts, renderUnit({ ...keystone, volumes: ["other:/srv"] }, "k@1", context())],
    ["specification", labels.spec, renderUnit({ ...keystone, access: { user: "root" } }, "k@1", context())],
    ["configuration", labels.config, renderUnit(keystone, "k@1", context({ ...defaultSite, debug: true }))],
  ])("has a fingerprint of its %s alone, so that a plan can say why", (_, label, unit) => {
    expect(Object.keys(base).filter((name) => base[name] !== unit.labels[name])).toEqual([label])
  })
})

it("scales workers with CPUs and memory, within limits", () => {
  expect(workers({ cpus: 8, memoryMb: 64_000 }, 110)).toBe(5)
  expect(workers({ cpus: 2, memoryMb: 2048 }, 110)).toBe(2)
  expect(workers({ cpus: 8, memoryMb: 512 }, 110)).toBe(1)
})

it("masks secrets in the diff of a file, and shows only lines that differ", () => {
  const file = { path: "/etc/kolla/x/a", content: "[a]\npassword = hunter2\nb = 2\n" }
  const seen = {
    wanted: [{ file, seen: "[a]\npassword = hunter2\nb = 1\n", mode: 0o600 }],
    surplus: ["/etc/kolla/x/old"],
  }
  const [update, removal] = planFiles(seen, [new Secret("hunter2")])
  expect(update!.diff).toEqual(["  [a]", "- b = 1", "+ b = 2"])
  expect(removal!.target).toBe("file /etc/kolla/x/old")
  expect(redact("x hunter2 y", [new Secret("hunter2")])).toBe("x ****** y")
})

it("plans a file whose mode alone is wrong", () => {
  const file = { path: "/etc/kolla/x/a", content: "" }
  const [change] = planFiles({ wanted: [{ file, seen: "", mode: 0o644 }], surplus: [] }, [])
  expect(change!.reason).toBe("mode is 644")
})

it("finds the shortest difference", () => {
  expect(lineDiff("a\nb\nc", "a\nx\nc\nd")).toEqual(["- b", "+ x", "+ d"])
  expect(lineDiff("same", "same")).toEqual([])
})

it("refuses a lock that it cannot read, and an image that is not in it", () => {
  expect(() => parseLock("{")).toThrow("images.lock cannot be read")
  expect(() => parseLock('{"version":2,"images":{}}')).toThrow("version 1")
  const lock = parseLock('{"version":1,"images":{"a":{"repository":"bifrost/a","digest":"sha256:0"}}}')
  expect(imageReference(lock, "r:5000", "a", defaultSite)).toBe("r:5000/bifrost/a@sha256:0")
  expect(() => imageReference(lock, "r:5000", "b", defaultSite)).toThrow("b")
  const kolla = resolveSite({ images: { registry: "quay.io", namespace: "openstack.kolla", tag: "2025.1" } })
  expect(imageReference(lock, "quay.io", "b", kolla)).toBe("quay.io/openstack.kolla/b:2025.1")
})

it("takes a container's log out of the engine's frames, whole or cut", () => {
  const frame = Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 3]), Buffer.from("abc")])
  expect(demultiplex(Buffer.concat([frame, frame, Buffer.from([1, 0])]))).toBe("abcabc")
})

it("masks in a diff what a key says is secret: overrides hold values that no store knows, hosts ones from before a rotation", () => {
  const masked = {
    "- admin_password = old": "- admin_password = ******",
    "+   key = AQBkeyring==": "+   key = ******",
    "+ metadata_proxy_shared_secret: x": "+ metadata_proxy_shared_secret: ******",
    "- connection = mysql+pymysql://nova:old@10.0.0.1:3306/nova":
      "- connection = mysql+pymysql://nova:******@10.0.0.1:3306/nova",
    "+ transport_url = rabbit://openstack:a@h1:5672,openstack:b@h2:5672//":
      "+ transport_url = rabbit://openstack:******@h1:5672,openstack:******@h2:5672//",
    "+ keystone_url = http://10.0.0.1:5000/v3": "+ keystone_url = http://10.0.0.1:5000/v3",
    "+ max_password_age = ": "+ max_password_age = ",
    "+ debug = true": "+ debug = true",
  }
  for (const [line, shown] of Object.entries(masked)) expect(withoutSecrets(line)).toBe(shown)
})
