import fc from "fast-check"
import { expect, test } from "vitest"
import { readTable } from "../../../src/enroll/formats/table.ts"
import { parseHosts } from "../../../src/enroll/parse.ts"

/** Text made of what the formats are made of, so that the parsers get beyond their first check. */
const pieces = fc.constantFrom(
  ...[
    ",",
    ";",
    "\t",
    "\n",
    "\r\n",
    '"',
    '""',
    "#",
    " ",
    "\uFEFF",
    ":",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "\u0000",
  ],
  ...[
    "name",
    "mac",
    "bmc_address",
    "bmc_password",
    "driver",
    "redfish_address",
    "ip",
    "groups",
    "root_device",
    "nodes",
  ],
  ...[
    "52:54:00:aa:00:01",
    "10.0.0.1",
    "10.0.0.1/24",
    "h0",
    "ipmi",
    "__proto__",
    "constructor",
    "serial=x",
    "driver_info.x",
  ],
)
const scraps = fc.array(fc.oneof(pieces, fc.string({ maxLength: 4 })), { maxLength: 80 }).map((parts) => parts.join(""))
const filename = fc.constantFrom("hosts.csv", "hosts", "hosts.json", "hosts.yml")

test("no text makes a parser throw, and every fault stands within the file", () => {
  fc.assert(
    fc.property(filename, fc.oneof(scraps, fc.string({ unit: "binary", maxLength: 300 })), (name, content) => {
      const { drafts, faults } = parseHosts(name, content)
      const lines = content.split(/\r\n|\r|\n/).length
      for (const { line, column } of faults) {
        expect(line).toBeGreaterThanOrEqual(1)
        expect(line).toBeLessThanOrEqual(lines + 1)
        expect(column).toBeGreaterThanOrEqual(1)
      }
      expect(drafts.length + faults.length).toBeGreaterThan(0)
    }),
    { numRuns: 600 },
  )
})

test("any JSON is read or refused", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      parseHosts("hosts.json", JSON.stringify({ nodes: [value], h0: value }))
      parseHosts("hosts.json", JSON.stringify(value))
    }),
    { numRuns: 200 },
  )
})

test("what is written by RFC 4180 is read back", () => {
  const cell = fc.string({ unit: fc.constantFrom("a", "b", ",", '"', "\n", " ", "#", "é"), maxLength: 6 })
  const row = fc.array(cell, { minLength: 1, maxLength: 5 }).filter((cells) => cells.some((text) => text !== ""))
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`
  fc.assert(
    fc.property(fc.array(row, { maxLength: 5 }), (rows) => {
      const { rows: read, faults } = readTable(rows.map((cells) => cells.map(quote).join(",")).join("\r\n"), ",")
      expect(faults).toEqual([])
      expect(read.map((cells) => cells.map((each) => each.text))).toEqual(rows)
    }),
  )
})
