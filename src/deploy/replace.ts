import type Docker from "dockerode"
import type { HostTransport } from "../transport/port.ts"
import { findContainer, removeContainer, startContainer, stopContainer } from "./engine.ts"
import { labels, type Unit } from "./unit.ts"

/** A container that was in service, kept until its successor is healthy. */
export const oldName = (name: string) => `${name}-old`
/** A container that did not get healthy, kept so that its log can be read. */
export const failedName = (name: string) => `${name}-failed`

/** The name of the container that one of these was; any other name as it is. */
export const successorOf = (name: string) => name.replace(/-(old|failed)$/, "")

/** Whether a unit runs another program than the container before it, on data that only the newer may be able to read. */
export function opensDataOf(unit: Unit, before: Docker.ContainerInspectInfo | undefined): boolean {
  const volumes = (unit.options.HostConfig?.Binds ?? []).filter((bind) => !bind.startsWith("/"))
  const data = volumes.filter((bind) => !bind.startsWith("kolla_logs:"))
  return data.length > 0 && before?.Config.Labels?.[labels.image] !== unit.labels[labels.image]
}

/** Its own name and those of what may be kept beside it. */
export const besides = (name: string) => [name, oldName(name), failedName(name)]

type Named = Pick<Unit, "name" | "folder">

/**
 * Ends a container and sets it aside with the files that it read, so that it can serve again. Killed at any point, the next
 * call goes on: one that was set aside before is the last that was good, and what has its name now is only an attempt.
 */
export async function setAside(transport: HostTransport, { name, folder }: Named, signal: AbortSignal): Promise<void> {
  const { engine } = transport
  if (await findContainer(engine, oldName(name))) return removeContainer(engine, name)
  await transport.exec(["rm", "-rf", `${folder}-old`], { signal })
  await transport.exec(["mkdir", "-p", folder], { signal })
  await transport.exec(["cp", "-a", folder, `${folder}-old`], { signal })
  const container = engine.getContainer(name)
  // Ports of the host's network are taken until it has ended.
  await stopContainer(engine, name, 30)
  await container.rename({ name: oldName(name) })
}

/** Lets the container that was set aside serve again, on its own files; the attempt stays, ended, under another name. */
export async function putBack(transport: HostTransport, { name, folder }: Named, signal: AbortSignal): Promise<void> {
  const { engine } = transport
  await removeContainer(engine, failedName(name))
  if (await findContainer(engine, name)) {
    await stopContainer(engine, name, 10)
    await engine.getContainer(name).rename({ name: failedName(name) })
  }
  await transport.exec(["rm", "-rf", folder], { signal })
  await transport.exec(["cp", "-a", `${folder}-old`, folder], { signal })
  const old = engine.getContainer(oldName(name))
  await old.rename({ name })
  await startContainer(engine, name)
  await transport.exec(["rm", "-rf", `${folder}-old`], { signal })
}

/** Removes what was set aside: its successor is healthy. */
export async function dropOld(transport: HostTransport, { name, folder }: Named, signal: AbortSignal): Promise<void> {
  await removeContainer(transport.engine, oldName(name))
  await removeContainer(transport.engine, failedName(name))
  await transport.exec(["rm", "-rf", `${folder}-old`], { signal })
}
