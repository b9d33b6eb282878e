import { type Fault, fault } from "../../util/fault.ts"
import { assemble, type Parsed, type RawValue } from "../assemble.ts"
import { type Cell, readTable } from "./table.ts"

/** Bifrost's columns by position; null is one that it does not read. */
const columns = [
  "mac",
  "bmc_user",
  "bmc_password",
  "bmc_address",
  "cpus",
  "memory_mb",
  "local_gb",
  null,
  null,
  "uuid",
  "name",
  "ip",
  "driver_info.ipmi_target_channel",
  "driver_info.ipmi_target_address",
  "driver_info.ipmi_transit_channel",
  "driver_info.ipmi_transit_address",
  "driver",
  "provisioning_ipv4_address",
] as const

/** Up to the name; what follows may be left out. */
export const fewestColumns = 11
const driverColumn = columns.indexOf("driver")

/** Bifrost's CSV without a header: 11 to 18 columns by position. */
export function parseBifrostCsv(content: string): Parsed {
  const { rows, faults } = readTable(content, ",")
  const found: Fault[] = [...faults]
  const nodes = rows.map((given) => {
    const row = withDriverInPlace(given)
    if (row.length < fewestColumns || row.slice(columns.length).some(({ text }) => text !== "")) {
      const expected = `${fewestColumns} to ${columns.length}: ${columns.map((name) => name ?? "unused").join(", ")}`
      found.push(fault(row[0]!.place, `${row.length} columns`, expected))
    }
    const values = row.flatMap(({ text, place }, index): RawValue[] => {
      const key = columns[index]
      return key ? [{ key, value: text, place }] : []
    })
    const bridged = values.find(({ key, value }) => key.startsWith("driver_info.ipmi_t") && value !== "")
    if (!bridged) return { place: row[0]!.place, values }
    const transit = values.some(({ key, value }) => key.startsWith("driver_info.ipmi_transit") && value !== "")
    const bridging = { key: "driver_info.ipmi_bridging", value: transit ? "dual" : "single", place: bridged.place }
    return { place: row[0]!.place, values: [...values, bridging] }
  })
  const parsed = assemble(nodes, { mac: true })
  return { drafts: parsed.drafts, faults: [...found, ...parsed.faults] }
}

/**
 * Bifrost's own example had one comma too few, so that files copied from it hold the driver where a transit address
 * belongs. A word there can only be the driver: addresses are numbers.
 */
function withDriverInPlace(row: readonly Cell[]): readonly Cell[] {
  const early = row.findIndex(({ text }, index) => index > columns.indexOf("ip") && /^[a-z]\w*$/i.test(text))
  if (early < 0 || early >= driverColumn) return row
  const filler = Array.from({ length: driverColumn - early }, () => ({ text: "", place: row[early]!.place }))
  return row.toSpliced(early, 0, ...filler)
}
