import { type Fault, fault, type Place } from "../../util/fault.ts"

export interface Cell {
  readonly text: string
  readonly place: Place
}

export interface Table {
  readonly rows: readonly (readonly Cell[])[]
  readonly faults: readonly Fault[]
}

/**
 * RFC 4180 with what spreadsheets and people add: any end of line, a byte-order mark, spaces around cells, empty lines, lines of
 * `#` comments. Unlike a general library it knows where each cell stands, and goes on after a fault.
 */
export function readTable(content: string, delimiter: string): Table {
  const rows: Cell[][] = []
  const faults: Fault[] = []
  let row: Cell[] = []
  let line = 1
  let lineStart = content.startsWith("\uFEFF") ? 1 : 0
  let at = lineStart
  const here = (): Place => ({ line, column: at - lineStart + 1 })
  const endRow = () => {
    if (row.some((cell) => cell.text !== "")) rows.push(row)
    row = []
  }
  const newline = () => {
    at += content[at] === "\r" && content[at + 1] === "\n" ? 2 : 1
    line++
    lineStart = at
  }
  const isEnd = () => at >= content.length || content[at] === "\n" || content[at] === "\r"

  const quotedCell = (): string => {
    const opened = here()
    let text = ""
    at++
    while (at < content.length) {
      if (content[at] === '"' && content[at + 1] === '"') {
        text += '"'
        at += 2
      } else if (content[at] === '"') {
        at++
        return text
      } else if (isEnd()) {
        text += "\n"
        newline()
      } else {
        text += content[at++]
      }
    }
    faults.push(fault(opened, "a quotation mark that is never closed", 'a second " at the end of the cell'))
    return text
  }

  while (at < content.length) {
    if (row.length === 0 && content[at] === "#") {
      while (!isEnd()) at++
      if (at < content.length) newline()
      continue
    }
    while (content[at] === " " && delimiter !== " ") at++
    const place = here()
    if (content[at] === '"') {
      const text = quotedCell()
      const after = here()
      let rest = ""
      while (!isEnd() && content[at] !== delimiter) rest += content[at++]
      if (rest.trim() !== "")
        faults.push(
          fault(after, "text after a closing quotation mark", 'the next cell; a " within a cell is written ""'),
        )
      row.push({ text, place })
    } else {
      const start = at
      while (!isEnd() && content[at] !== delimiter) at++
      row.push({ text: content.slice(start, at).trim(), place })
    }
    if (content[at] === delimiter) {
      at++
      if (isEnd()) row.push({ text: "", place: here() })
    }
    if (isEnd()) {
      endRow()
      if (at < content.length) newline()
    }
  }
  endRow()
  return { rows, faults }
}
