import type { MachineSpec } from "./spec.ts"

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
] as const

type Host = Pick<MachineSpec, "name" | "mac" | "ip" | "bmc">

/** The file that `bifrost-ts enroll` reads. The first machine is the whole control plane; all of them compute. */
export function hostsCsv(spec: { machines: readonly Host[] }): string {
  const rows = spec.machines.map(
    (machine, index): Record<(typeof columns)[number], string | number> => ({
      name: machine.name,
      mac: machine.mac,
      bmc_address: machine.bmc.address,
      bmc_port: machine.bmc.port,
      bmc_user: machine.bmc.user,
      bmc_password: machine.bmc.password,
      driver: "ipmi",
      groups: index === 0 ? "control;network;compute" : "compute",
      ip: machine.ip,
    }),
  )
  return [columns.join(","), ...rows.map((row) => columns.map((column) => row[column]).join(","))]
    .join("\n")
    .concat("\n")
}
