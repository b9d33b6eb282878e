import type Docker from "dockerode"
import type { Step } from "../graph/step.ts"
import { BifrostError } from "../util/errors.ts"
import { createContainer, type UnitStepOptions } from "./container-step.ts"
import { findContainer, lastLines, removeContainer, startContainer, stopContainer } from "./engine.ts"
import { deployErrors } from "./errors.ts"
import { applyFiles, inspectFiles } from "./files.ts"
import { beginMigration, type MigrationOptions, migrationFailure } from "./migration.ts"
import { emptyDatabases, inspectSchema, loadSchema, type SchemaOptions, type SchemaSeen } from "./schema.ts"
import { redact } from "./secrets.ts"
import { isDone } from "./survey.ts"
import { labels, type Unit } from "./unit.ts"

interface TaskSeen {
  /** It ended well for this fingerprint. */
  readonly done: boolean
  readonly unit: Unit
  readonly fingerprint: string
  readonly container: Docker.ContainerInspectInfo | undefined
  readonly schema: SchemaSeen
  /** Why it has nothing to do. */
  readonly idle: string | undefined
}

export interface TaskStepOptions extends UnitStepOptions {
  readonly fingerprint: (unit: Unit) => Promise<string>
  /** Of a task that migrates databases. */
  readonly schema?: SchemaOptions
  /** The same, where none is loaded. */
  readonly migration?: MigrationOptions
  /** Why it has nothing to do; undefined when it has. */
  readonly idle?: () => Promise<string | undefined>
}

const noSchema: SchemaSeen = { loadable: undefined, cutOff: [] }

/**
 * A container that runs to its end. The ended container stays as the record: it says what was done, how it ended and what
 * it printed, and it goes on although we die. Where an empty database can be loaded with what the task would make of it, or
 * there is nothing that it would work on, the container is the record without ever having been started.
 */
export function taskStep(options: TaskStepOptions): Step<TaskSeen> {
  const { host, secrets, migration } = options
  const { engine } = host.transport
  const goesOn = ({ container, fingerprint }: TaskSeen) =>
    container?.State.Running === true && container.Config.Labels?.[labels.task] === fingerprint
  let last: TaskSeen | undefined
  return {
    id: options.id,
    after: options.after,
    async inspect() {
      const unit = await options.unit()
      const [fingerprint, survey] = await Promise.all([options.fingerprint(unit), host.survey()])
      if (isDone(survey, unit.name, fingerprint)) {
        last = { done: true, unit, fingerprint, container: undefined, schema: noSchema, idle: undefined }
        return last
      }
      const [container, schema = noSchema, idle] = await Promise.all([
        findContainer(engine, unit.name),
        options.schema && inspectSchema(options.schema),
        options.idle?.(),
      ])
      last = { done: false, unit, fingerprint, container, schema, idle }
      return last
    },
    plan(seen) {
      const { done, unit, fingerprint, container, schema, idle } = seen
      if (done) return []
      if (schema.loadable && !goesOn(seen)) {
        const reason = "it is empty, and its image has a dump"
        return Object.keys(schema.loadable.databases).map((name) => ({
          ...{ action: "create", target: `schema of database ${name}`, reason },
        }))
      }
      const target = `task ${unit.name}`
      if (idle && !goesOn(seen)) return [{ action: "create", target, reason: `not run: ${idle}` }]
      if (!container) return [{ action: "run", target }]
      if (container.Config.Labels?.[labels.task] !== fingerprint)
        return [{ action: "run", target, reason: "what it depends on changed" }]
      if (container.State.Status === "exited" && container.State.ExitCode === 0) return []
      const reason = container.State.Running ? "it is still running" : `it ended with exit ${container.State.ExitCode}`
      return [{ action: "run", target, reason }]
    },
    async apply(_changes, signal) {
      const { unit, fingerprint, container, schema, idle } = last!
      const spared = schema.loadable ? "its databases were loaded from its image's dump" : idle
      if (!goesOn(last!)) {
        if (options.schema) await emptyDatabases(options.schema.server, schema.cutOff, signal)
        // One that is still at work would go on in what is emptied.
        if (container?.State.Running) await stopContainer(engine, unit.name, 30)
        // As long as the container before is there, it is known what it began with.
        const began = migration && !schema.loadable && (await beginMigration(migration, container, signal))
        await removeContainer(engine, unit.name)
        if (options.schema && schema.loadable) await loadSchema(options.schema, schema.loadable, signal)
        await applyFiles(host.transport, await inspectFiles(host.transport, unit.folder, unit.files, signal), signal)
        const record = { [labels.task]: fingerprint, ...began, ...(spared && { [labels.spared]: spared }) }
        await createContainer(engine, unit, record)
        if (spared) return host.touched()
        await startContainer(engine, unit.name)
      }
      const { StatusCode } = await engine.getContainer(unit.name).wait({ abortSignal: signal })
      host.touched()
      if (StatusCode === 0) return
      const detail = `${unit.name} (exit ${StatusCode})\n${redact(await lastLines(engine, unit.name), secrets)}`
      const node = host.entry.name
      if (!migration) throw new BifrostError(deployErrors.TASK_FAILED, { node, detail })
      throw migrationFailure(migration, node, detail, await findContainer(engine, unit.name))
    },
  }
}
