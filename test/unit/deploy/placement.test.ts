import { describe, expect, it } from "vitest"
import { Placement } from "../../../src/deploy/placement.ts"
import { defineService } from "../../../src/deploy/service.ts"
import { defaultSite } from "../../../src/deploy/site.ts"

const host = (name: string, ...groups: string[]) => ({
  ...{ name, address: `192.0.2.${name.length}`, port: 22, user: "root", hostKey: "", groups },
})
const inventory = { hosts: [host("a", "control"), host("bb", "control", "compute"), host("ccc", "compute")] }
const unit = (name: string) => ({ name, image: name, command: () => name, healthy: () => ["true"] })
const task = { ...unit("nova_discover"), perImage: false, fingerprint: () => [] }

const mariadb = defineService({ name: "mariadb", summary: "", group: "control", containers: [unit("mariadb")] })
const nova = defineService({
  name: "nova",
  summary: "",
  group: "control",
  databases: [{ name: "nova", password: "p" }],
  user: { name: "nova", password: "p" },
  containers: [
    unit("nova_api"),
    { ...unit("nova_libvirt"), group: "compute", each: true },
    { ...unit("nova_compute"), group: "compute", each: true },
  ],
  tasks: [task],
})
const off = defineService({
  name: "off",
  summary: "",
  group: "nowhere",
  enabled: () => false,
  containers: [unit("off")],
})
const placement = new Placement([mariadb, nova, off], inventory, defaultSite)

describe("placement", () => {
  it("puts a unit on the first host of its group, or on each", () => {
    expect(placement.carriers("nova_api").map(({ name }) => name)).toEqual(["a"])
    expect(placement.carriers("nova_compute").map(({ name }) => name)).toEqual(["bb", "ccc"])
    expect(placement.databases.map(({ id }) => id)).toEqual(["a/database/nova"])
  })

  it("leads a need to all places of what is needed, or with here/ to the one on the same host", () => {
    expect(placement.needed(["container/nova_compute"], inventory.hosts[0])).toEqual([
      "bb/container/nova_compute",
      "ccc/container/nova_compute",
    ])
    expect(placement.needed(["here/container/nova_libvirt"], inventory.hosts[2])).toEqual([
      "ccc/container/nova_libvirt",
    ])
    expect(placement.needed(["task/nova_discover", "database/nova", "catalog/nova"])).toEqual([
      "a/task/nova_discover",
      "a/database/nova",
      "site/catalog/nova",
    ])
  })

  it("does not wait for what the site does not have, and refuses what no definition has", () => {
    expect(placement.services.map(({ name }) => name)).toEqual(["mariadb", "nova"])
    expect(placement.needed(["container/off"])).toEqual([])
    expect(() => placement.needed(["container/typo"])).toThrow("nothing is there that is container/typo")
  })
})
