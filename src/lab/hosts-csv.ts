import type { HostSpec, MachineSpec } from "./spec.ts"

const columns = [
  "name",
  "mac",
  "bmc_address",
  "bmc_port",
  "bmc_user",
  "bmc_password",
  "driver",
  "groups",
  "ip",
  "ssh_host_key",
] as const

type Row = Partial<Record<(typeof columns)[number], string | number>>
type Machine = Pick<MachineSpec, "name" | "mac" | "ip" | "bmc">

/** The file that `bifrost-ts enroll` reads. The first of all is the whole control plane; all of them compute. */
export function hostsCsv(spec: { machines: readonly Machine[]; hosts?: readonly HostSpec[] }): string {
  const rows = [...spec.machines.map(machineRow), ...(spec.hosts ?? []).map(hostRow)].map((row, index) => ({
    ...row,
    groups: index === 0 ? "control;network;compute;storage" : "compute",
  }))
  return [columns.join(","), ...rows.map((row: Row) => columns.map((column) => row[column] ?? "").join(","))]
    .join("\n")
    .concat("\n")
}

const machineRow = ({ name, mac, ip, bmc }: Machine): Row => ({
  name,
  mac,
  bmc_address: bmc.address,
  bmc_port: bmc.port,
  bmc_user: bmc.user,
  bmc_password: bmc.password,
  driver: "ipmi",
  ip,
})

/** Without a BMC it is not deployed but adopted, as an existing server is. */
const hostRow = ({ name, mac, ip, sshHostKey }: HostSpec): Row => ({
  name,
  mac,
  driver: "manual-management",
  ip,
  ssh_host_key: sshHostKey.public,
})
