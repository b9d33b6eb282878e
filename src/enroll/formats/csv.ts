import { type Fault, fault, type Place } from "../../util/fault.ts"
import { assemble, type Parsed } from "../assemble.ts"
import { meaningOf } from "../fields.ts"
import { type Cell, readTable } from "./table.ts"

/** Whether a row names columns: some of them are known. */
export function isHeader(row: readonly Cell[]): boolean {
  return row.some(({ text }) => text !== "" && !("bag" in meaningOf(text)))
}

/** CSV whose first row names the columns, in any order and spelling (fields.ts). Unknown columns are kept in `extra`. */
export function parseCsv(content: string, delimiter: string): Parsed {
  const { rows, faults } = readTable(content, delimiter)
  const [header = [], ...body] = rows
  const found: Fault[] = [...faults]
  if (!isHeader(header)) {
    const place = header[0]?.place ?? { line: 1, column: 1 }
    found.push(fault(place, "no line that names the columns", "name, mac, bmc_address, bmc_user, bmc_password, …"))
    return { drafts: [], faults: found }
  }
  const nodes = body.map((row) => {
    for (const cell of row.slice(header.length)) {
      if (cell.text === "") continue
      found.push(unnamed(cell.place, header.length))
    }
    const values = row.flatMap(({ text, place }, index) => {
      const column = header[index]
      if (!column) return []
      if (column.text === "" && text !== "") {
        found.push(unnamed(place, header.length))
      }
      return column.text === "" ? [] : [{ key: column.text, value: text, place }]
    })
    return { place: row[0]!.place, values }
  })
  const parsed = assemble(nodes, { mac: true })
  return { drafts: parsed.drafts, faults: [...found, ...parsed.faults] }
}

const unnamed = (place: Place, columns: number) =>
  fault(place, "a value in a column that has no name", `${columns} columns, each named in the header`)
