import type { Chassis, ServerSensor } from "../ipmi/server/ports.ts"

/** The one thing that a virtual machine's BMC can truly measure: it has no temperature, no fan and no current. */
export function acpiSensor(chassis: Chassis): ServerSensor {
  return { name: "ACPI State", kind: "acpi", read: () => chassis.power() }
}
