import { describe, expect, test } from "vitest"
import { parseHosts } from "../../../src/enroll/parse.ts"

/** A draft as plain values, secrets revealed. */
function plain(filename: string, content: string) {
  const { drafts, faults } = parseHosts(filename, content)
  const nodes = drafts.map(({ places, place, secrets, ports, ...draft }) => ({
    ...draft,
    macs: ports?.map((port) => port.address),
    secrets: Object.fromEntries([...secrets].map(([name, secret]) => [name, secret.reveal()])),
  }))
  return { nodes, faults }
}

describe("CSV with a header", () => {
  test("gives every field its place, and keeps unknown columns", () => {
    const content = [
      "name,mac,bmc_address,bmc_port,bmc_user,bmc_password,driver,groups,ip,root device,image,Rack Unit,firmware",
      'h0,52:54:00:AA:00:01,10.0.0.11,6230,admin,"p,w""d",ipmi,control;network;compute,172.22.0.11/24,serial=S1;size=>= 100,debian-13,U7,uefi',
    ].join("\n")
    expect(plain("hosts.csv", content)).toEqual({
      faults: [],
      nodes: [
        {
          name: "h0",
          macs: ["52:54:00:aa:00:01"],
          driver: "ipmi",
          driver_info: { ipmi_address: "10.0.0.11", ipmi_port: 6230, ipmi_username: "admin" },
          secrets: { ipmi_password: 'p,w"d' },
          groups: ["control", "network", "compute"],
          properties: { root_device: { serial: "S1", size: ">= 100" }, capabilities: "boot_mode:uefi" },
          instance_info: { image_source: "debian-13" },
          extra: { ipv4_address: "172.22.0.11", ipv4_subnet_mask: "255.255.255.0", rack_unit: "U7" },
        },
      ],
    })
  })

  test.each([
    ["BMC Address", "BMC User", "BMC Password", "MAC Address", "Hostname"],
    ["ipmi_address", "ipmi_username", "ipmi_password", "mac", "name"],
    ["bmc-ip", "bmc-username", "bmc-pass", "mac1", "node name"],
    ["driver_info.ipmi_address", "driver_info.ipmi_username", "driver_info.ipmi_password", "port_address", "NAME"],
  ])("is tolerant of spellings: %s", (...header) => {
    const { nodes, faults } = plain("x", `${header.join(",")}\n10.0.0.1,root,calvin,525400aa0001,h0\n`)
    expect(faults).toEqual([])
    expect(nodes[0]).toMatchObject({
      name: "h0",
      macs: ["52:54:00:aa:00:01"],
      driver_info: { ipmi_address: "10.0.0.1", ipmi_username: "root" },
      secrets: { ipmi_password: "calvin" },
      extra: {},
    })
  })

  test("takes several MACs, in one column or in many, and a Redfish service", () => {
    const content =
      "name;mac1;mac2;redfish_address;redfish_password;redfish_system_id\r\nh0;52-54-00-aa-00-01;5254.00aa.0002;https://bmc/;x;1\r\n"
    expect(plain("hosts.csv", content).nodes[0]).toMatchObject({
      macs: ["52:54:00:aa:00:01", "52:54:00:aa:00:02"],
      driver: "redfish",
      driver_info: { redfish_address: "https://bmc", redfish_system_id: "1" },
      secrets: { redfish_password: "x" },
    })
  })

  test("skips a byte-order mark, comments and empty lines", () => {
    const { nodes, faults } = plain(
      "hosts.csv",
      "\uFEFF# rack 1\n\nname,mac,bmc\n\n# first\nh0,52:54:00:aa:00:01,10.0.0.1\n,,\n",
    )
    expect(faults).toEqual([])
    expect(nodes).toHaveLength(1)
  })

  test("tells all faults at once, each with line, column and what was expected, and no password", () => {
    const content = [
      "name,mac,bmc_address,bmc_port,driver,ip,uuid,cpus,root_device,groups,vlan",
      "h_0,52:54:00:aa:00,10.0.0.300,99999,snmp,1.2.3,abc,many,foo,a;$,5000",
      "h1,01:00:5e:00:00:01,10.0.0.1,,,,,,,,,stray",
      "h2,,10.0.0.2",
      ',"52:54:00:aa:00:09,10.0.0.3',
    ].join("\n")
    const faults = plain("hosts.csv", content).faults.map(({ line, column, what }) => `${line}:${column} ${what}`)
    expect(faults).toEqual([
      '2:1 name "h_0"',
      '2:5 MAC "52:54:00:aa:00"',
      '2:20 bmc_address "10.0.0.300"',
      '2:31 bmc_port "99999"',
      '2:37 driver "snmp"',
      '2:42 ip "1.2.3"',
      '2:48 uuid "abc"',
      '2:52 cpus "many"',
      '2:57 root_device "foo"',
      '2:61 groups "a;$"',
      '2:65 vlan_id "5000"',
      '3:4 MAC "01:00:5e:00:00:01"',
      "3:39 a value in a column that has no name",
      "4:1 h2 has no MAC address",
      "5:2 a quotation mark that is never closed",
      '5:2 MAC "10.0.0.3"',
    ])
  })

  test("a file without header, or without nodes, says so", () => {
    expect(plain("hosts.csv", "alpha,beta\ngamma,delta\n").faults).toEqual([
      { line: 1, column: 1, what: "no line that names the columns", expected: expect.stringContaining("bmc_address") },
    ])
    expect(plain("hosts.csv", "name,mac,bmc\n").faults[0]?.what).toBe("a file without a single node")
    expect(plain("hosts.csv", "").faults).not.toEqual([])
  })

  test("a password is shown in no fault", () => {
    const { faults } = plain(
      "h.json",
      '{"h0": {"nics": [{"mac": "x"}], "driver_info": {"ipmi_password": ["hunter2"]}}}',
    )
    expect(faults).toHaveLength(2)
    expect(JSON.stringify(faults)).not.toContain("hunter2")
  })

  test("a column given twice is a fault that names both places", () => {
    expect(plain("hosts.csv", "name,mac,bmc_ip,ipmi_address\nh0,525400aa0001,10.0.0.1,10.0.0.2").faults).toEqual([
      { line: 2, column: 26, what: "bmc_address is given twice, first at line 2, column 17", expected: "it once" },
    ])
  })
})

describe("bifrost's CSV without a header", () => {
  const head =
    "00:1c:ab:8a:97:ee,root,undefined,192.168.122.1,1,8192,512,Control,VM,a8cb6624-0d9f-c882-affc-046ebb96ec01,hostname0"
  const base = {
    uuid: "a8cb6624-0d9f-c882-affc-046ebb96ec01",
    name: "hostname0",
    macs: ["00:1c:ab:8a:97:ee"],
    driver_info: { ipmi_address: "192.168.122.1", ipmi_username: "root" },
    secrets: { ipmi_password: "undefined" },
    properties: { cpus: 1, memory_mb: 8192, local_gb: 512 },
    instance_info: {},
    extra: {},
  }

  test.each([
    ["11 columns", head, base],
    ["no address: dhcp", `${head},`, base],
    ["an address and no driver", `${head},192.168.1.2,,,,`, { ...base, extra: { ipv4_address: "192.168.1.2" } }],
    [
      "17 columns",
      `${head},192.168.1.2,,,,,agent_ipmitool`,
      { ...base, driver: "ipmi", extra: { ipv4_address: "192.168.1.2" } },
    ],
    ["one comma too few before the driver", `${head},,,,,ipmi`, { ...base, driver: "ipmi" }],
    ["two commas too few", `${head},,,,ipmi`, { ...base, driver: "ipmi" }],
    [
      "18 columns, dual bridging",
      `${head},,0,1,2,3,ipmi,172.22.0.11`,
      {
        ...base,
        driver: "ipmi",
        driver_info: {
          ...base.driver_info,
          ipmi_target_channel: "0",
          ipmi_target_address: "1",
          ipmi_transit_channel: "2",
          ipmi_transit_address: "3",
          ipmi_bridging: "dual",
        },
        extra: { provisioning_ipv4_address: "172.22.0.11" },
      },
    ],
  ])("%s", (_, line, expected) => {
    expect(plain("baremetal.csv", `${line}\r\n`)).toEqual({ faults: [], nodes: [expected] })
  })

  test("too few columns, too many, and a bad MAC are told", () => {
    const content = [head, "00:1c:ab:8a:97:e0,root,x,192.168.122.2", `${head},,,,,,ipmi,172.22.0.11,what`].join("\n")
    const { faults } = plain("hosts", content)
    expect(faults.map(({ line, what }) => [line, what])).toEqual([
      [2, "4 columns"],
      [3, "19 columns"],
    ])
    expect(plain("hosts", head.replace("00:1c", "0:1c")).faults).toMatchObject([{ line: 1, column: 1 }])
  })
})

const bifrostYaml = `---
  basic0:
    uuid: "00000000-0000-0000-0000-000000000002"
    driver_info:
      power:
        ipmi_username: "ADMIN"
        ipmi_address: "192.168.2.20"
        ipmi_password: "ADMIN_PASSWORD"
    nics:
      - mac: "00:00:00:23:34:56"
      - mac: "00:00:00:12:34:57"
    driver: "agent_ipmitool"
    ipv4_address: "192.168.1.2"
    ipv4_gateway: 192.168.1.1
    host_groups: [baremetal, control]
    properties:
      cpu_arch: "x86_64"
      ram: "32760"
      disk_size: "235"
      cpus: "16"
      root_device: {size: ">= 100"}
    instance_info:
      image_source: "http://192.168.1.1:8080/x.qcow2"
`

describe("documents", () => {
  const basic0 = {
    name: "basic0",
    uuid: "00000000-0000-0000-0000-000000000002",
    macs: ["00:00:00:23:34:56", "00:00:00:12:34:57"],
    driver: "ipmi",
    driver_info: { ipmi_address: "192.168.2.20", ipmi_username: "ADMIN" },
    secrets: { ipmi_password: "ADMIN_PASSWORD" },
    groups: ["baremetal", "control"],
    properties: { cpu_arch: "x86_64", memory_mb: 32760, local_gb: 235, cpus: 16, root_device: { size: ">= 100" } },
    instance_info: { image_source: "http://192.168.1.1:8080/x.qcow2" },
    extra: { ipv4_address: "192.168.1.2", ipv4_gateway: "192.168.1.1" },
  }

  test("bifrost's YAML, the old grouping of driver_info included", () => {
    expect(plain("baremetal.yml", bifrostYaml)).toEqual({ faults: [], nodes: [basic0] })
  })

  test("bifrost's JSON, tabs and all", () => {
    const json = {
      basic0: {
        ...{ uuid: basic0.uuid, driver: "ipmi", host_groups: ["baremetal", "control"] },
        driver_info: { ipmi_address: "192.168.2.20", ipmi_username: "ADMIN", ipmi_password: "ADMIN_PASSWORD" },
        nics: [{ mac: "00:00:00:23:34:56" }, { mac: "00:00:00:12:34:57" }],
        properties: { cpu_arch: "x86_64", ram: 32760, disk_size: "235", cpus: 16, root_device: { size: ">= 100" } },
        instance_info: basic0.instance_info,
        ipv4_address: "192.168.1.2",
        ipv4_gateway: "192.168.1.1",
      },
    }
    expect(plain("baremetal", JSON.stringify(json, null, "\t"))).toEqual({ faults: [], nodes: [basic0] })
  })

  test("a `baremetal create` file, ports and chassis too", () => {
    const file = {
      nodes: [
        {
          name: "a",
          driver: "ipmi",
          driver_info: { ipmi_address: "10.0.0.1" },
          ports: [{ address: "525400aa0001", pxe_enabled: false }],
        },
      ],
      chassis: [
        {
          description: "rack",
          nodes: [{ name: "b", driver: "ipmi", driver_info: { ipmi_address: "10.0.0.2", deploy_kernel: "http://k" } }],
        },
      ],
    }
    const { nodes, faults } = plain("nodes.json", JSON.stringify(file))
    expect(faults).toEqual([])
    expect(nodes).toMatchObject([
      { name: "a", macs: ["52:54:00:aa:00:01"] },
      { name: "b", driver_info: { ipmi_address: "10.0.0.2", deploy_kernel: "http://k" } },
    ])
    expect(parseHosts("nodes.json", JSON.stringify(file)).drafts[0]?.ports?.[0]?.fields).toEqual({ pxe_enabled: false })
  })

  test("faults stand where the value stands", () => {
    const broken = bifrostYaml.replace("192.168.2.20", "192.168.2.2000").replace('ram: "32760"', "ram: lots")
    expect(plain("b.yml", broken).faults).toEqual([
      { line: 7, column: 23, what: 'bmc_address "192.168.2.2000"', expected: "an IP address or a host name" },
      { line: 18, column: 12, what: 'memory_mb "lots"', expected: expect.any(String) },
    ])
  })

  test("broken syntax is told with its place", () => {
    expect(plain("b.json", '{"a": {"name": "x",}, \n "b": [}').faults[0]).toMatchObject({ line: 2 })
    expect(plain("b.yml", "- a\n- b\n").faults[0]?.what).toBe("a list")
    expect(plain("b.yml", "a: 1\n").faults[0]?.what).toBe("a node that is 1")
  })

  test("aliases that would grow without end are refused", () => {
    const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(", ")}]`)
    expect(plain("b.yml", `l0: &l0 [x]\n${levels.join("\n")}\n`).faults).toHaveLength(1)
  })
})
