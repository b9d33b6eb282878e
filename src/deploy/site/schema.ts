import type { TSchema } from "typebox"
import { siteSchema } from "../site.ts"

/** The parts of JSON Schema that the site's type is made of. */
export interface SchemaNode {
  readonly type?: string
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  /** Of what has no default. */
  readonly examples?: readonly unknown[]
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly pattern?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode
  /** The same decision's name in kolla-ansible. */
  readonly kolla?: string
}

export const siteNode = siteSchema as unknown as SchemaNode

/** What a file must satisfy: the site's type, where all that has a default may be left out. */
export const fileSchema = sparse(siteNode)

/** The JSON Schema for editors, as a file. */
export const schemaText = `${JSON.stringify({ $schema: "https://json-schema.org/draft/2020-12/schema", ...fileSchema }, null, 2)}\n`

export const checkable = fileSchema as unknown as TSchema

function sparse(node: SchemaNode): SchemaNode {
  const { properties, patternProperties, required, ...rest } = node
  const each = (nodes: Readonly<Record<string, SchemaNode>>) =>
    Object.fromEntries(Object.entries(nodes).map(([key, child]) => [key, sparse(child)]))
  const needed = (required ?? []).filter((key) => properties?.[key]?.default === undefined)
  return {
    ...rest,
    ...(properties && { properties: each(properties) }),
    ...(patternProperties && { patternProperties: each(patternProperties) }),
    ...(needed.length > 0 && { required: needed }),
  }
}

export interface SchemaKey {
  /** `services.nova.virt_type`; `<name>` stands for a name that the operator gives. */
  readonly path: string
  readonly node: SchemaNode
}

/** Every key of the file, in the order in which the type has them. */
export function schemaKeys(node: SchemaNode = siteNode, path: readonly string[] = []): SchemaKey[] {
  const named = Object.entries(node.properties ?? {})
  const free = Object.values(node.patternProperties ?? {}).map((child) => ["<name>", child] as const)
  return [...named, ...free].flatMap(([key, child]) => [
    { path: [...path, key].join("."), node: child },
    ...schemaKeys(child, [...path, key]),
  ])
}

/** The node that says what may stand at a path of the file. */
export function nodeAt(path: readonly (string | number)[], node: SchemaNode = siteNode): SchemaNode | undefined {
  let found: SchemaNode | undefined = node
  for (const part of path) {
    found =
      typeof part === "number"
        ? found?.items
        : (found?.properties?.[part] ?? Object.values(found?.patternProperties ?? {})[0])
  }
  return found
}
