import { expect, test } from "vitest"
import { keyOf } from "../../../services/common/ceph.ts"
import { cephKey, clusterFiles, planCeph, siteFiles } from "../../../src/lab/ceph.ts"
import { extendLab, planLab } from "../../../src/lab/spec.ts"

test("a key has Ceph's form: AES, when it was made, 16 bytes that no other key has", () => {
  const key = Buffer.from(cephKey(1_700_000_000_999), "base64")
  expect(key.subarray(0, 12).toString("hex")).toBe("0100" + "00f15365" + "00000000" + "1000")
  expect(key).toHaveLength(28)
  expect(cephKey(0)).not.toBe(cephKey(0))
})

test("a lab has a Ceph when it is asked for, with keys of its own that stay", () => {
  expect(planLab("lab-a", { hosts: 1 }).ceph).toBeUndefined()
  const spec = planLab("lab-a", { hosts: 1, ceph: true })
  expect(spec.ceph?.ip).toBe("172.22.0.151")
  expect(extendLab(spec, {}).ceph).toBe(spec.ceph)
  expect(extendLab(spec, { ceph: true }).ceph).toBe(spec.ceph)
  const grown = extendLab(planLab("lab-a", { hosts: 1 }), { ceph: true })
  expect(Object.keys(grown.ceph?.keys ?? {})).toEqual(Object.keys(spec.ceph!.keys))
  expect(grown.ceph?.keys["client.cinder"]).not.toBe(spec.ceph?.keys["client.cinder"])
})

const spec = planCeph("172.22.0.151")

test("a site gets where the monitor is and its clients' keys, and no key of the cluster's own", () => {
  const files = siteFiles(spec)
  expect(Object.keys(files)).toEqual([
    "glance/ceph.conf",
    "glance/ceph.client.glance.keyring",
    "cinder/ceph.conf",
    "cinder/ceph.client.cinder.keyring",
    "cinder/cinder-backup/ceph.client.cinder-backup.keyring",
    "nova/ceph.conf",
    "nova/ceph.client.cinder.keyring",
  ])
  expect(files["nova/ceph.conf"]).toBe(`[global]\nfsid = ${spec.fsid}\nmon_host = 172.22.0.151\n`)
  for (const [path, text] of Object.entries(files)) {
    const client = /ceph\.client\.(.+)\.keyring$/.exec(path)?.[1]
    if (client) expect(keyOf(text, client)).toBe(spec.keys[`client.${client}`])
    for (const own of ["mon.", "mgr.lab", "osd.0", "client.admin"]) expect(text).not.toContain(spec.keys[own])
  }
})

test("the cluster lets each client at its pools, and at images only to clone them", () => {
  const files = clusterFiles(spec)
  expect(files["pools"]).toBe("images\nvolumes\nbackups\nvms\n")
  expect(files["cluster.keyring"]).toContain(`[client.cinder]
key = ${spec.keys["client.cinder"]}
caps mon = "profile rbd"
caps mgr = "profile rbd pool=volumes, profile rbd pool=vms"
caps osd = "profile rbd pool=volumes, profile rbd pool=vms, profile rbd-read-only pool=images"
`)
  expect(files["ceph.conf"]).toMatch(
    new RegExp(
      `^\\[global\\]\nfsid = ${spec.fsid}\nmon_host = 172\\.22\\.0\\.151\n(\\w+ = \\S+\n)+\\[osd\\.0\\]\nosd_uuid = ${spec.osd}\n$`,
    ),
  )
})
