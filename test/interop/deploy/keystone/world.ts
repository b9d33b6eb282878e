import type { HostTransport } from "../../../../src/transport/port.ts"
import { sshTransport } from "../../../../src/transport/ssh.ts"
import { systemClock as clock } from "../../../../src/util/clock.ts"
import { clientOf, type SiteOptions, startSite, type TestSite, verbsOf } from "../site.ts"

/** The one site of a file's tests: one host, and Keystone with what it stands on. Setting it up takes longer than most tests. */
export let site: TestSite
/** The way to its host, for tests that look at it or disturb it. */
export let host: HostTransport

/** What the host's engine was before anything was deployed. */
export let engineAtFirst: string
/** Which process the host's engine is, and since when. */
export const engineProcess = () => site.host.exec("ps -C dockerd -o pid=,lstart=")

export async function begin(name: string, options: SiteOptions = {}): Promise<void> {
  site = await startSite(`${name}-${process.pid}`, options)
  host = sshTransport(site.host.inventory.hosts[0]!, site.host.privateKey, clock)
  engineAtFirst = await engineProcess()
}

export async function end(): Promise<void> {
  host?.close()
  await site?.stop()
}

export const { signal, deploy, plan } = verbsOf(() => site)
export const openstack = clientOf(() => site)
