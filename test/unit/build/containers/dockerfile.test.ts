import { expect, it } from "vitest"
import { blueprintOf } from "../../../../src/build/containers/blueprint.ts"
import { loadImages } from "../../../../src/build/containers/catalog.ts"
import { defineImage } from "../../../../src/build/containers/definition.ts"
import { renderDockerfile } from "../../../../src/build/containers/dockerfile.ts"
import { selectImages } from "../../../../src/build/containers/select.ts"
import { defaultSettings } from "../../../../src/build/containers/settings.ts"

const images = new URL("../../../../images", import.meta.url).pathname

it("renders a definition from what changes rarely to what changes often", () => {
  const image = defineImage({
    name: "memcached",
    summary: "",
    from: "base",
    packages: ["zlib1g", "memcached"],
    prune: ["/usr/share/x"],
    files: { "/usr/local/bin/tool": { source: "tool", mode: "0755" } },
    environment: { LANG: "C.UTF-8" },
    health: "true",
    command: ["kolla_start"],
  })
  expect(renderDockerfile(blueprintOf(image, defaultSettings), "bifrost/base:1")).toBe(`FROM bifrost/base:1
USER root
ARG EPOCH
RUN set -eu; began=$(($(date +%s) - 1)); apt-get update -q --error-on=any; \\
    DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends memcached zlib1g; \\
    rm -rf /usr/share/x; \\
    rm -rf /var/lib/apt/lists/*_* /var/cache/apt/* /var/cache/debconf/*-old /var/cache/ldconfig/aux-cache /var/lib/dpkg/*-old /var/log/*.log /var/log/apt; \\
    find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /.dockerenv -o -path /etc/hosts -o -path /etc/hostname -o -path /etc/resolv.conf -o -path /etc/mtab -lname /proc/mounts \\) -prune -o -newermt "@$began" -exec touch -hd "@\${EPOCH:-$began}" {} +
# in rootfs.tar: 0755 /usr/local/bin/tool
ADD rootfs.tar /
ENV LANG="C.UTF-8"
HEALTHCHECK --interval=30s --timeout=30s --start-period=5s --retries=3 CMD true
CMD ["kolla_start"]
`)
})

it("takes files out of packages that are not installed, and makes other accounts before the user", () => {
  const image = defineImage({
    name: "nova-base",
    summary: "",
    from: "base",
    extract: { "nova-common": ["./usr/bin/nova-*", "./etc/nova/rootwrap.conf"] },
    accounts: [{ name: "qemu", id: 42427, home: "/nonexistent" }],
    user: { name: "nova", id: 42436, home: "/var/lib/nova", groups: ["qemu"] },
  })
  const dockerfile = renderDockerfile(blueprintOf(image, defaultSettings), "bifrost/base:1", "nova")
  expect(dockerfile).toContain("tar -x -C / --wildcards './usr/bin/nova-*' './etc/nova/rootwrap.conf'")
  expect(dockerfile).toContain(">> /usr/share/bifrost-ts/extracted")
  expect(dockerfile).not.toContain("apt-get install")
  expect(dockerfile.indexOf("groupadd --gid 42427 qemu")).toBeLessThan(dockerfile.indexOf("--groups kolla,qemu nova"))
  expect(dockerfile.trimEnd().split("\n").at(-1)).toBe("USER nova")
})

it("runs an image as its nearest parent's user, unless it has one of its own", async () => {
  const all = await loadImages(images)
  expect(all.get("glance-api")!.runsAs).toBe("glance")
  expect(all.get("glance-api")!.dockerfile).toMatch(/\nUSER glance\n$/)
  expect(all.get("openstack-base")!.runsAs).toBeUndefined()
})

it("loads every definition with its parents first, and gives each the hash of all that it is made of", async () => {
  const all = await loadImages(images)
  const chain = selectImages(all, ["keystone"]).map(({ definition }) => definition.name)
  expect(chain).toEqual(["debian", "base", "openstack-base", "keystone"])
  const again = await loadImages(images)
  expect([...again.values()].map(({ hash }) => hash)).toEqual([...all.values()].map(({ hash }) => hash))
  // The parent's hash is in the child's recipe.
  expect(all.get("keystone")!.dockerfile).toContain(all.get("openstack-base")!.hash.slice(0, 12))
})

/** What drives the kernel's networks, disks or other users' programs, as in Kolla. */
const root = [
  ...["cron", "haproxy", "iscsid", "keepalived", "nova-libvirt", "nova-ssh", "tgtd"],
  ...["openvswitch-db-server", "openvswitch-vswitchd"],
  ...["ovn-controller", "ovn-nb-db-server", "ovn-northd", "ovn-sb-db-server"],
]

it("ends every service's image as a user of its own, under dumb-init", async () => {
  const all = await loadImages(images)
  const leaves = [...all.values()].filter(({ definition }) => definition.health)
  expect(leaves.length).toBeGreaterThan(5)
  for (const { definition, dockerfile, runsAs } of leaves) {
    if (root.includes(definition.name)) expect(runsAs).toBeUndefined()
    else expect(dockerfile!.trimEnd().split("\n").at(-1)).toBe(`USER ${runsAs}`)
  }
  expect(all.get("base")!.dockerfile).toContain('ENTRYPOINT ["/usr/bin/dumb-init"')
})

it("names what there is when an image is unknown", async () => {
  const all = await loadImages(images)
  expect(() => selectImages(all, ["nava"])).toThrow(/nava.*keystone/)
})
