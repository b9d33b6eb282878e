import Type, { type TSchema } from "typebox"

/**
 * What options of the site file are written with. `description` is for editors and for docs/reference/site.md; `kolla` names the same
 * decision in kolla-ansible's globals.yml, where it has one; `examples` are for what has no default.
 */
export const about = (description: string, kolla?: string) => ({ description, ...(kolla !== undefined && { kolla }) })
export const group = { additionalProperties: false } as const

export const address = (example: string, description: string, kolla: string) =>
  Type.Optional(Type.String({ examples: [example], ...about(description, kolla) }))
export const flag = (value: boolean, description: string, kolla?: string) =>
  Type.Boolean({ default: value, ...about(description, kolla) })
export const word = (value: string, description: string, kolla?: string) =>
  Type.String({ default: value, minLength: 1, ...about(description, kolla) })
export const count = (description: string, kolla?: string) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum: 1024, examples: [4], ...about(description, kolla) }))
export const choice = <const T extends string[]>(
  values: [...T],
  value: T[number],
  description: string,
  kolla?: string,
) => Type.Enum(values, { default: value, ...about(description, kolla) })
export const named = <T extends TSchema>(of: T, examples: unknown[], description: string) =>
  Type.Record(Type.String(), of, { default: {}, examples, ...about(description) })
/** A part that is always there: what the operator leaves out of it has its default. */
export const part = <T extends Record<string, TSchema>>(properties: T, description: string) =>
  Type.Object(properties, { ...group, default: {}, ...about(description) })
