import { describe, expect, it } from "vitest"
import { services } from "../../../services/index.ts"
import { siteSecrets } from "../../../src/deploy/secrets.ts"
import type { ServiceDefinition } from "../../../src/deploy/service.ts"
import type { SiteFile } from "../../../src/deploy/site.ts"
import { openMemoryStore } from "../../../src/store/open.ts"
import { rendered } from "./rendered.ts"

const fingerprints = (...args: Parameters<typeof rendered>) =>
  [...rendered(...args)].map(([name, unit]) => [name, JSON.stringify(unit.labels)] as const)

/** The definitions without anything that only some sites have. */
const plain = services.map((service): ServiceDefinition => {
  const bare = ({ siteFiles: _, siteVolumes: __, ...unit }: ServiceDefinition["containers"][number]) => unit
  return { ...service, containers: service.containers.map(bare) }
})

const nfs: SiteFile = { services: { cinder: { backends: { nfs: { shares: ["nfs:/volumes"] } } } } }
const none: SiteFile = { services: { cinder: { enabled: false } } }
const glanceConf = (file: SiteFile) =>
  rendered(file)
    .get("node1/glance_api")!
    .files.find(({ path }) => path.endsWith("/glance-api.conf"))!.content

describe("a site without Ceph", () => {
  it.each([
    ["without volumes", none, []],
    // Those of iSCSI, which only LVM's volumes need.
    ["with volumes of LVM", {}, ["node1/nova_compute", "node2/nova_compute", "node1/cinder_volume"]],
    ["with volumes on NFS", nfs, ["node1/cinder_volume"]],
  ])("has the fingerprints that it had, %s", (_, file, others) => {
    const before = new Map(fingerprints(file, { definitions: plain }))
    const changed = fingerprints(file).filter(([name, made]) => before.get(name) !== made)
    expect(changed.map(([name]) => name).sort()).toEqual([...others].sort())
  })

  it("has no file, bind or option of Ceph's", () => {
    const all = [none, nfs, {}].flatMap((file) => [...rendered(file).values()])
    expect(all.length).toBeGreaterThan(50)
    expect(JSON.stringify(all)).not.toMatch(/ceph|rbd|libvirt\/secrets/i)
  })

  it("keeps images in files, as before", () => {
    expect(glanceConf({})).toContain("enabled_backends = file:file\nshow_multiple_locations = false\n")
    expect(glanceConf({})).toContain(
      "[glance_store]\ndefault_backend = file\n\n[file]\nfilesystem_store_datadir = /var/lib/glance/images/\n",
    )
    expect(glanceConf({})).not.toContain("show_image_direct_url")
  })
})

describe("LVM's volumes", () => {
  const lvm = rendered({})

  it("go over iSCSI: a target where they are, an initiator where they are needed", () => {
    const iscsi = [...lvm.keys()].filter((name) => /iscsid|tgtd/.test(name))
    expect(iscsi.sort()).toEqual(["node1/iscsid", "node1/tgtd", "node2/iscsid"])
    const config = JSON.parse(lvm.get("node1/tgtd")!.files[0]!.content)
    expect(config.command).toBe("tgtd --foreground --iscsi portal=192.0.2.11:3260")
  })

  it("are exported in the network for storage, and whoever attaches one is sent there", () => {
    const units = rendered({ networks: { storage: { interface: "eth3" } } })
    const content = (unit: string, name: string) =>
      units.get(unit)!.files.find(({ path }) => path.endsWith(`/${name}`))!.content
    expect(JSON.parse(content("node1/tgtd", "config.json")).command).toContain("portal=198.51.100.11:3260")
    expect(content("node1/cinder_volume", "cinder.conf")).toContain("target_ip_address = 198.51.100.11\n")
    // What they say to other services, they say as before.
    expect(content("node1/cinder_volume", "cinder.conf")).toContain("my_ip = 192.0.2.11\n")
  })

  it("are attached under the name that iscsid has", () => {
    for (const name of ["node2/iscsid", "node2/nova_compute", "node1/cinder_volume"]) {
      const { Binds = [] } = lvm.get(name)!.options.HostConfig!
      expect(Binds, name).toEqual(expect.arrayContaining(["iscsi_info:/etc/iscsi", "/sys:/sys"]))
    }
    expect(lvm.get("node2/nova_compute")!.needs).toContain("here/container/iscsid")
  })

  it("want of the kernel what they need", () => {
    expect(lvm.get("node1/cinder_volume")!.kernel).toEqual(["dm_mod", "dm_thin_pool"])
    expect(lvm.get("node2/iscsid")!.kernel).toEqual(["iscsi_tcp"])
  })

  it.each([
    ["NFS", nfs],
    ["no", none],
  ])("are not there with %s volumes, and nothing of theirs", (_, file) => {
    const units = rendered(file)
    expect([...units.keys()].filter((name) => /iscsid|tgtd/.test(name))).toEqual([])
    expect(JSON.stringify(units.get("node2/nova_compute")!.options)).not.toContain("iscsi")
    expect(units.get("node1/cinder_volume")?.kernel).toEqual(file === nfs ? ["nfs"] : undefined)
  })
})

describe("NFS", () => {
  it("gives the driver its shares, a line each", () => {
    const shares = ["nfs1:/volumes", "nfs2:/volumes"]
    const { files } = rendered({ services: { cinder: { backends: { nfs: { shares } } } } }).get("node1/cinder_volume")!
    const find = (name: string) => files.find(({ path }) => path === `/etc/kolla/cinder_volume/${name}`)!.content
    expect(find("nfs_shares")).toBe("nfs1:/volumes\nnfs2:/volumes\n")
    expect(find("cinder.conf")).toContain("nfs_shares_config = /etc/cinder/nfs_shares\n")
    expect(JSON.parse(find("config.json")).config_files).toContainEqual({
      source: "/var/lib/kolla/config_files/nfs_shares",
      dest: "/etc/cinder/nfs_shares",
      owner: "cinder:cinder",
      perm: "0600",
    })
  })
})

describe("images in Ceph", () => {
  it("go to the store that the site names first", () => {
    const both = glanceConf({ services: { glance: { backends: { rbd: { pool: "pictures", user: "g" }, file: {} } } } })
    expect(both).toContain("enabled_backends = rbd:rbd,file:file\n")
    expect(both).toContain("default_backend = rbd\n")
    expect(both).toContain(
      "[rbd]\nrbd_store_user = g\nrbd_store_pool = pictures\nrbd_store_ceph_conf = /etc/ceph/ceph.conf\n",
    )
  })

  it("show where they are, so that disks are cloned from them in the cluster", () => {
    expect(glanceConf({ services: { glance: { backends: { rbd: {} } } } } as SiteFile)).toContain(
      "show_image_direct_url = true\n",
    )
  })
})

describe("images in an object store", () => {
  const s3: SiteFile = {
    services: { glance: { backends: { s3: { url: "https://s3.example.org", bucket: "pictures" } } } },
  }

  it("go to a bucket, with the keys that the operator has imported", () => {
    expect(glanceConf(s3)).toContain("enabled_backends = s3:s3\n")
    expect(glanceConf(s3)).toContain(
      "[s3]\ns3_store_host = https://s3.example.org\ns3_store_bucket = pictures\ns3_store_create_bucket_on_put = true\n" +
        "s3_store_access_key = glance_backend_s3_access_key\ns3_store_secret_key = glance_backend_s3_secret_key\n",
    )
  })

  it("are told of keys that are missing, which nobody here could make", async () => {
    const store = await openMemoryStore()
    const made = await siteSecrets(services, store.secrets, false)
    await store.close()
    expect(() => rendered({}, { secrets: made })).not.toThrow()
    expect(() => rendered(s3, { secrets: made })).toThrow(/only you can know is missing.*glance_backend_s3_access_key/s)
  })

  it("go to the cloud's own by the services' account", () => {
    const file = { services: { glance: { backends: { file: {}, swift: {} } } } } as SiteFile
    expect(glanceConf(file)).toContain("enabled_backends = file:file,swift:swift\n")
    expect(glanceConf(file)).toContain(
      "[swift]\nswift_store_config_file = /etc/glance/glance-swift.conf\ndefault_swift_reference = internal\n",
    )
    const { files } = rendered(file).get("node1/glance_api")!
    expect(files.find(({ path }) => path.endsWith("/glance-swift.conf"))!.content).toBe(
      "[internal]\nauth_version = 3\nauth_address = http://192.0.2.11:5000/v3\nuser = service:glance\nkey = glance_keystone_password\n" +
        "user_domain_id = default\nproject_domain_id = default\n",
    )
  })
})
