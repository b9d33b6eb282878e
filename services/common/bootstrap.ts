import type { FileDefinition, TaskDefinition } from "../../src/deploy/service.ts"
import { logVolume } from "./openstack.ts"

/** Brings a service's database to its image's schema, by Kolla's start contract: `KOLLA_BOOTSTRAP`, then the image's own start. */
export function bootstrapTask(options: {
  readonly name: string
  readonly image: string
  readonly files: readonly FileDefinition[]
  readonly databases: readonly string[]
  /** What else its migrations read. */
  readonly needs?: readonly string[]
}): TaskDefinition {
  const { name, image, files, databases, needs = [] } = options
  return {
    name,
    image,
    command: () => "true",
    environment: () => ({ KOLLA_BOOTSTRAP: "" }),
    files,
    volumes: [logVolume],
    needs: [...databases.map((database) => `database/${database}`), ...needs],
    perImage: true,
    migrates: databases,
    fingerprint: () => ["db_sync"],
  }
}
