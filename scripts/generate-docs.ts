import { readFileSync, writeFileSync } from "node:fs"
import { services } from "../services/index.ts"
import { decisionsPage } from "./generate-docs-decisions.ts"
import { errorsOfRooms, errorsPage } from "./generate-docs-errors.ts"
import { servicesPage } from "./generate-docs-services.ts"
import { schemaText, sitePage } from "./generate-docs-site.ts"
import { diagrams, phaseTable, planTable, verbTable } from "./generate-docs-states.ts"

/** The pages that are made from code, wholly or between `<!-- made: NAME -->` and `<!-- end -->`. */
export async function generatedPages(root: string): Promise<Record<string, string>> {
  const made: Record<string, string> = {
    diagrams: diagrams(),
    verbs: verbTable(),
    plans: planTable(),
    phases: phaseTable(),
  }
  const states = readFileSync(`${root}/docs/states.md`, "utf8").replace(
    /(<!-- made: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, begin: string, name: string, end: string) => `${begin}${made[name] ?? ""}\n${end}`,
  )
  return {
    "docs/states.md": states,
    "docs/reference/errors.md": errorsPage(await errorsOfRooms(root)),
    "docs/reference/services.md": servicesPage(services),
    "docs/reference/site.md": sitePage(),
    "docs/reference/bifrost.schema.json": schemaText,
    "docs/decisions/README.md": decisionsPage(root),
  }
}

/** The pages that no longer say what the code says, by their paths. */
export async function stalePages(root: string): Promise<string[]> {
  const pages = Object.entries(await generatedPages(root))
  return pages.filter(([file, text]) => readFileSync(`${root}/${file}`, "utf8") !== text).map(([file]) => file)
}

if (import.meta.main) {
  const root = new URL("..", import.meta.url).pathname.replace(/\/$/, "")
  for (const [file, text] of Object.entries(await generatedPages(root))) writeFileSync(`${root}/${file}`, text)
}
