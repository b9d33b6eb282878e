import { globSync, readFileSync } from "node:fs"

const header = `# Decisions

What a newcomer would question, and why it is so. One page a decision, ten lines or so.

| | |
|---|---|
`

/** docs/decisions/README.md: the first line of each page. */
export function decisionsPage(root: string): string {
  const files = globSync("0*.md", { cwd: `${root}/docs/decisions` }).sort()
  const rows = files.map((file) => {
    const [first = ""] = readFileSync(`${root}/docs/decisions/${file}`, "utf8").split("\n")
    return `| [${file.slice(0, 4)}](${file}) | ${first.replace(/^# *\d+[.:]? */, "")} |\n`
  })
  return header + rows.join("")
}
