import { type SchemaNode, schemaKeys, schemaText } from "../src/deploy/site/schema.ts"

export { schemaText }

const head = `# The site file

Made by \`npm run docs\` from the type in \`src/deploy/site.ts\`; [the guide](../site.md) says how it is used. Every key is
optional. The same as a JSON Schema, for editors: [bifrost.schema.json](bifrost.schema.json). The last column is the name of
the same decision in kolla-ansible's \`globals.yml\`.

| key | kind | default | what it decides | kolla-ansible |
|---|---|---|---|---|
`

/** docs/reference/site.md: one row a key. */
export function sitePage(): string {
  // What a group or a host may say of networks is what the site may.
  const told = schemaKeys().filter(
    ({ path, node }) => node.description && !/^(groups|hosts)\..*\.networks\./.test(path),
  )
  const rows = told.map(({ path, node }) => {
    const cells = [
      code(path),
      kindOf(node),
      defaultOf(node),
      node.description ?? "",
      node.kolla ? code(node.kolla) : "",
    ]
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`
  })
  return head + rows.join("")
}

const code = (text: string) => `\`${text}\``

function kindOf({ enum: values, type, items }: SchemaNode): string {
  if (values) return values.map(code).join(" ")
  if (items) return `list of ${items.type}s`
  return { object: "map", string: "text", integer: "number", boolean: "true, false" }[type ?? ""] ?? ""
}

function defaultOf({ default: value, examples }: SchemaNode): string {
  if (value !== undefined && JSON.stringify(value) !== "{}") return code(JSON.stringify(value))
  return examples ? `(e.g. ${code(JSON.stringify(examples[0]))})` : ""
}
