import { expect, test } from "vitest"
import { labLayout } from "../../../src/lab/layout.ts"
import { missingLines } from "../../../src/lab/namespace.ts"
import { qemuArgs } from "../../../src/lab/qemu-args.ts"
import { planLab } from "../../../src/lab/spec.ts"

const layout = labLayout({ state: "/s,t", cache: "/c" }, "lab-a")
const [bios, uefi] = planLab("lab-a", { nodes: 2, firmware: "mixed" }).machines

function deviceOf(args: readonly string[], kind: string): string {
  return args.find((arg) => arg.startsWith(`${kind},`)) ?? ""
}

test("QEMU is told the boot order, the machine's identity and where its sockets are", () => {
  const args = qemuArgs(bios!, layout.machine("node1"), "tap1", "tcg", ["net", "disk"])
  expect(deviceOf(args, "virtio-net-pci")).toMatch(new RegExp(`mac=${bios!.mac},bootindex=1$`))
  expect(deviceOf(args, "virtio-blk-pci")).toMatch(/serial=[0-9A-F]{12},bootindex=2$/)
  expect(args[args.indexOf("-uuid") + 1]).toBe(bios!.uuid)
  expect(args[args.indexOf("-qmp") + 1]).toBe("unix:/run/bifrost-ts/lab/lab-a/node1.qmp,server=on,wait=off")
  expect(args).toContain("tcg,thread=multi")
  expect(args.join(" ")).not.toContain("pflash")
  // A comma in a path must not begin an option.
  expect(deviceOf(args, "socket")).toContain("logfile=/s,,t/lab/lab-a/node1/console.log,")
})

test("UEFI machines have variables of their own and no iPXE in their card", () => {
  const args = qemuArgs(uefi!, layout.machine("node2"), "tap2", "kvm", ["disk", "net"])
  expect(args.join(" ")).toContain("file=/s,,t/lab/lab-a/node2/uefi-vars.fd")
  expect(deviceOf(args, "virtio-net-pci")).toMatch(/bootindex=2,romfile=$/)
  expect(args).toContain("kvm")
})

test("only what the network lacks is added", () => {
  const spec = planLab("lab-a", { nodes: 2 })
  const link = (ifname: string, more = {}) => ({ ifname, flags: ["UP"], addr_info: [], ...more })
  expect(missingLines(spec, [link("lo", { flags: [] })])).toEqual([
    "link set lo up",
    "link add prov0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
    "link set prov0 up",
    "address add 172.22.0.254/24 dev prov0",
    "address add 172.22.0.101/24 dev prov0",
    "address add 172.22.0.102/24 dev prov0",
    "tuntap add tap1 mode tap",
    "link set tap1 master prov0 up",
    "tuntap add tap2 mode tap",
    "link set tap2 master prov0 up",
  ])
  const addresses = ["172.22.0.254", "172.22.0.101"].map((local) => ({ local }))
  const cutOff = [link("lo"), link("prov0", { addr_info: addresses }), link("tap1", { master: "prov0" }), link("tap2")]
  expect(missingLines(spec, cutOff)).toEqual(["address add 172.22.0.102/24 dev prov0", "link set tap2 master prov0 up"])
})

test("a second card is on the instances' network, under a name of its own in the guest, and nobody boots from it", () => {
  const spec = planLab("lab-a", { nodes: 1, external: true })
  const args = qemuArgs(spec.machines[0]!, layout.machine("node1"), "tap1", "tcg", ["net", "disk"])
  expect(args).toContain("tap,id=tap1,ifname=tap1-ext,script=no,downscript=no")
  const cards = args.filter((arg) => arg.startsWith("virtio-net-pci,"))
  expect(cards[1]).toMatch(/,mac=52:54:01:\S+,addr=0x10,romfile=$/)
  expect(missingLines(spec, [])).toEqual(
    expect.arrayContaining(["address add 172.24.4.1/24 dev ext0", "link set tap1-ext master ext0 up"]),
  )
})
