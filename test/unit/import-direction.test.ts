import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { importDirectionFaults } from "../../scripts/import-direction.ts"

test("imports in src point inward", () => {
  expect(importDirectionFaults("src")).toEqual([])
})

test("an import that points outward is named", () => {
  const root = mkdtempSync(join(tmpdir(), "imports-"))
  mkdirSync(join(root, "dhcp"))
  writeFileSync(
    join(root, "dhcp/server.ts"),
    'import { x } from "../store/port.ts"\nimport { y } from "../util/y.ts"\n',
  )
  expect(importDirectionFaults(root)).toEqual([`${root}/dhcp/server.ts: "dhcp" may not import from "store"`])
  rmSync(root, { recursive: true })
})
