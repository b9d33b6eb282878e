import type { Operation } from "./operation.ts"
import type { Records } from "./records.ts"

export interface Foundation {
  readonly region: string
  readonly roles: readonly string[]
}

/** The domain `Default`, by its id; `keystone-manage bootstrap` makes it. */
export const domainId = "default"
/** Services' users have their roles in it, as kolla-ansible has it. */
export const serviceProject = "service"

/** What all services' entries stand on: the region, the project `service`, roles. */
export function foundationOperations(seen: Records, { region, roles }: Foundation): Operation[] {
  const missing = (kind: "regions" | "projects" | "roles", target: string, resource: string, body: object) => ({
    kind,
    change: { action: "create", target } as const,
    request: { method: "POST", path: `/v3/${kind}`, body: { [resource]: body } } as const,
  })
  const named = (list: readonly { readonly name: string }[], wanted: string) => list.some(({ name }) => name === wanted)
  return [
    ...(seen.regions.some(({ id }) => id === region)
      ? []
      : [missing("regions", `region ${region}`, "region", { id: region })]),
    ...(named(seen.projects, serviceProject)
      ? []
      : [
          missing("projects", `project ${serviceProject}`, "project", {
            name: serviceProject,
            domain_id: domainId,
            description: "Users by which services ask each other",
          }),
        ]),
    ...roles
      .filter((role) => !named(seen.roles, role))
      .map((role) => missing("roles", `role ${role}`, "role", { name: role })),
  ]
}
