import { expect, test } from "vitest"
import { driveFiles, networkOf } from "../../../src/conductor/config-drive.ts"
import type { NodeRecord } from "../../../src/store/records.ts"
import { Secret } from "../../../src/util/secret.ts"

const mac = "52:54:00:00:00:01"
const request = (extra: NodeRecord["extra"] = {}) => ({
  node: { uuid: "u", name: "node-1", extra } as NodeRecord,
  macs: [mac],
  publicKeys: ["ssh-ed25519 AAAA operator"],
  hostKey: { private: new Secret("PEM"), public: "ssh-ed25519 BBBB node-1" },
  firstBoot: { url: "http://s/v1/first-boot/u", token: new Secret("token") },
})

test("says who may log in, under which host key, and where to report", () => {
  const files = driveFiles({ ...request(), additions: {} })
  expect(JSON.parse(files["openstack/latest/meta_data.json"]!)).toMatchObject({
    uuid: "u",
    hostname: "node-1",
    public_keys: { "key-0": "ssh-ed25519 AAAA operator" },
    bifrost: {
      ssh_host_keys: { ed25519: { private: "PEM", public: "ssh-ed25519 BBBB node-1" } },
      first_boot_url: "http://s/v1/first-boot/u",
      first_boot_token: "token",
    },
  })
})

test("a user's meta_data adds and does not replace", () => {
  const additions = { meta_data: { rack: "7", uuid: "another" } }
  const files = driveFiles({ ...request(), additions })
  expect(JSON.parse(files["openstack/latest/meta_data.json"]!)).toMatchObject({ uuid: "u", rack: "7" })
})

test("a user's user_data comes after ours, in one message", () => {
  const files = driveFiles({ ...request(), additions: { user_data: "#!/bin/sh\necho hello" } })
  const text = files["openstack/latest/user_data"]!
  expect(text).toMatch(/^Content-Type: multipart\/mixed; boundary=/)
  expect(text.indexOf("text/cloud-config")).toBeGreaterThan(0)
  expect(text.indexOf("text/x-shellscript")).toBeGreaterThan(text.indexOf("text/cloud-config"))
  expect(text).toContain("ed25519_private")
})

test("a network without a whole address is asked of DHCP", () => {
  expect(networkOf({ extra: { ipv4_address: "10.0.0.5" } }, [mac]).networks).toEqual([
    { id: "ipv4", type: "ipv4_dhcp", link: "boot" },
  ])
})

test("a whole address, a VLAN and name servers are laid down", () => {
  const extra = {
    ipv4_address: "10.0.0.5",
    ipv4_subnet_mask: "255.255.255.0",
    ipv4_gateway: "10.0.0.1",
    ipv4_nameserver: "10.0.0.2, 10.0.0.3",
    vlan_id: 7,
    network_mtu: "9000",
  }
  expect(networkOf({ extra }, [mac])).toEqual({
    links: [
      { id: "boot", type: "phy", ethernet_mac_address: mac, mtu: 9000 },
      { id: "boot.7", type: "vlan", vlan_link: "boot", vlan_id: 7, ethernet_mac_address: mac },
    ],
    networks: [
      {
        id: "ipv4",
        type: "ipv4",
        link: "boot.7",
        ip_address: "10.0.0.5",
        netmask: "255.255.255.0",
        routes: [{ network: "0.0.0.0", netmask: "0.0.0.0", gateway: "10.0.0.1" }],
      },
    ],
    services: [
      { type: "dns", address: "10.0.0.2" },
      { type: "dns", address: "10.0.0.3" },
    ],
  })
})
