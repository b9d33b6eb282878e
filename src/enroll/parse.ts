import { extname } from "node:path"
import { fault, inOrder } from "../util/fault.ts"
import type { Parsed } from "./assemble.ts"
import { fewestColumns, parseBifrostCsv } from "./formats/bifrost-csv.ts"
import { isHeader, parseCsv } from "./formats/csv.ts"
import { parseDocumentFile } from "./formats/document.ts"
import { readTable } from "./formats/table.ts"
import { mac } from "./values.ts"

/** A list of hosts in any of the formats, recognised by its content, helped by the file's name. All faults in their order. */
export function parseHosts(filename: string, content: string): Parsed {
  const { drafts, faults } = byFormat(extname(filename).toLowerCase(), content)
  if (drafts.length === 0 && faults.length === 0) {
    return { drafts, faults: [fault({ line: 1, column: 1 }, "a file without a single node", "at least one")] }
  }
  return { drafts, faults: inOrder(faults) }
}

function byFormat(extension: string, content: string): Parsed {
  if ([".json", ".yaml", ".yml"].includes(extension)) return parseDocumentFile(content)
  const start = content.replace(/^\uFEFF/, "").trimStart()
  if (/^([{[]|---\s)/.test(start)) return parseDocumentFile(content)
  const firstLine = start.split(/[\r\n]/).find((line) => line.trim() !== "" && !line.startsWith("#")) ?? ""
  const delimiter = [",", ";", "\t"].find((each) => firstLine.includes(each)) ?? ","
  const [first = []] = readTable(firstLine, delimiter).rows
  const startsWithMac = "value" in mac(first[0]?.text ?? "")
  if (startsWithMac || (first.length >= fewestColumns && !isHeader(first))) return parseBifrostCsv(content)
  if (extension !== ".csv" && first.length < 2 && /^[^,;]+:(\s|$)/.test(firstLine)) return parseDocumentFile(content)
  return parseCsv(content, delimiter)
}
