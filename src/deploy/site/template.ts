import { stringify } from "yaml"
import { type SchemaNode, siteNode } from "./schema.ts"

export const schemaFile = "bifrost.schema.json"

const head = `# yaml-language-server: $schema=./${schemaFile}
## What you decide about your cloud. Everything is optional: what is commented out here has the value that it shows, or is
## an example where there is no such value. Check it with: bifrost-ts validate
`

/** A bifrost.yaml that says nothing yet: all options with their meaning, each behind `# `, texts behind `##`. */
export function siteTemplate(): string {
  return `${head}${partOf(siteNode, "").join("\n")}\n`
}

function partOf({ properties = {} }: SchemaNode, indent: string): string[] {
  return Object.entries(properties).flatMap(([key, node]) => {
    const text = wrapped(aboutNode(node), 118 - indent.length).map((line) => `#${indent}# ${line}`)
    const blank = indent === "" ? [""] : []
    if (node.properties && node.examples === undefined && node.properties["enabled"] === undefined)
      return [...blank, ...text, `# ${indent}${key}:`, ...partOf(node, `${indent}  `)]
    return [...blank, ...text, ...commented({ [key]: shownValue(node) }, indent)]
  })
}

function shownValue(node: SchemaNode): unknown {
  if (node.examples) return node.examples[0]
  if (node.properties === undefined) return node.default
  // Backends are a choice: what stands there by default.
  if (typeof node.default === "object" && Object.keys(node.default ?? {}).length > 0) return node.default
  return Object.fromEntries(Object.entries(node.properties).map(([key, child]) => [key, shownValue(child)]))
}

const commented = (value: unknown, indent: string) =>
  stringify(value)
    .trimEnd()
    .split("\n")
    .map((line) => `# ${indent}${line}`)

function aboutNode({ description = "", enum: values }: SchemaNode): string {
  return values ? `${description} One of ${values.join(", ")}.` : description
}

function wrapped(text: string, width: number): string[] {
  const lines = [""]
  for (const word of text.split(" ")) {
    const last = lines.at(-1)!
    if (last !== "" && last.length + word.length >= width) lines.push(word)
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`
  }
  return lines
}
