import type { EventRecord, JsonObject, NodeRecord } from "../../store/records.ts"
import { BifrostError, messageOf } from "../../util/errors.ts"
import { conductorErrors } from "../errors.ts"
import { openMailbox } from "../mailbox.ts"
import { forgetAgent, secretNames, siteKeyPair } from "../node-secrets.ts"
import { nameOf, textOf } from "../operation.ts"
import type { OsTarget } from "../os-probe.ts"
import { type Phase, viewPhases } from "../phases.ts"
import type { Step, StepRun, Tools } from "../step.ts"
import { bmcOf } from "./machine.ts"

/**
 * Into the written system: by kexec where the image allows, which saves a power-on self-test. An agent that does not
 * answer (it may have left already, before the service died) is no matter: the disk is whole, so a power cycle does too.
 */
export const bootImage: Step = {
  name: "boot image",
  where: "work",
  async run(run) {
    const { tools, node, signal } = run
    try {
      const agent = await tools.agent(node)
      const { method, message } = await agent.run("standby.boot_image", {}, signal)
      await tellStart(run, method, message)
      return { method, message }
    } catch (error) {
      signal.throwIfAborted()
      // On a repetition the machine is most likely on its way; the wait that follows cycles it if it is not.
      if (run.repeated) return { method: "unknown", message: messageOf(error) }
      const { power } = await bmcOf(tools, node)
      await tellStart(run, "power cycle", messageOf(error))
      await power.set("rebooting", signal)
      return { method: "power cycle", message: messageOf(error) }
    }
  },
}

/** How the written system is started: what kexec boots, or why it is the firmware that does. */
function tellStart({ tools, node }: StepRun, method: string, message: string): Promise<EventRecord> {
  const data = { method, message }
  return tools.store.events.append({ kind: "os.start", node_uuid: node.uuid, run_id: null, data })
}

/** Where the system can be logged in to: the address it was given, else the one it leased, else the one its agent had. */
async function addressOf(tools: Tools, node: NodeRecord): Promise<string | undefined> {
  const fixed = textOf(node.extra["ipv4_address"])
  if (fixed) return fixed
  const ports = await tools.store.ports.list({ node_uuid: node.uuid })
  const macs = new Set(ports.map(({ address }) => address))
  const leases = (await tools.store.leases.list()).filter(({ mac, state }) => macs.has(mac) && state === "bound")
  const lease = leases.toSorted((a, b) => b.expires_at - a.expires_at)[0]
  if (lease) return lease.address
  const agent = textOf(node.driver_internal_info["agent_url"])
  return agent && new URL(agent).hostname
}

async function osTarget({ tools, node }: StepRun): Promise<OsTarget | undefined> {
  const host = await addressOf(tools, node)
  const hostKey = textOf(node.driver_internal_info["ssh_host_key"])
  if (!host || !hostKey) return undefined
  return { host, hostKey, privateKey: (await siteKeyPair(tools.store)).private, firstBoot: true }
}

/**
 * The end of a deploy: the system lets us in with our key, shows the host key of the config drive, and has finished its
 * first boot. Its own report says when to look; a look now and then covers images that do not report.
 */
export const waitForSystem: Step = {
  name: "wait for system",
  where: "wait",
  phases: ({ phases }) => phases.systemBoot,
  async run(run) {
    const { tools, node, signal } = run
    // A user's own config drive carries neither our key nor our report: the system cannot be asked.
    if (await tools.store.secrets.get(node.uuid, secretNames.configDrive)) return { skipped: "user's own config drive" }
    let boot = startOfBoot(run)
    for (;;) {
      await run.note(boot)
      const { since, from, cycled } = boot
      const verdict = await followBoot(run, since, from)
      if ("address" in verdict) return verdict
      if (cycled) throw verdict.error
      signal.throwIfAborted()
      const { power } = await bmcOf(tools, node)
      const event = await tellStart(run, "power cycle", verdict.error.message)
      await power.set("rebooting", signal)
      boot = { since: event.id, from: event.at, cycled: true }
    }
  },
}

/** Where the boot that is waited for began; a service that was away gives it its time anew. */
function startOfBoot({ data, earlier, repeated, tools }: StepRun): { since: number; from: number; cycled: boolean } {
  const began = earlier(bootImage.name)
  const from = repeated ? tools.clock.now() : Number(began["at"])
  return { since: Number(data["since"] ?? began["event"]), from, cycled: data["cycled"] === true }
}

async function followBoot(
  run: StepRun,
  since: number,
  from: number,
): Promise<{ address: string } | { error: BifrostError }> {
  const { tools, node, signal } = run
  const phases = tools.phases.systemBoot
  using mailbox = await openMailbox(tools.store, node.uuid, since, tools.clock)
  const seen: EventRecord[] = []
  let view = viewPhases(phases, from, seen)
  let looking = lookAfter(run, 0)
  let hearing = mailbox.next(view.due, signal)
  let reason = "not asked yet"
  try {
    for (;;) {
      const first = await Promise.race([looking.verdict, hearing.then((event) => ({ event }))])
      signal.throwIfAborted()
      if ("address" in first) {
        const data = { address: first.address }
        await tools.store.events.append({ kind: "os.ssh", node_uuid: node.uuid, run_id: null, data })
        return { address: first.address }
      }
      if ("reason" in first) {
        reason = first.reason
        looking = lookAfter(run, tools.limits.probe)
        continue
      }
      // Said by a process that died before it could end the step.
      if (first.event?.kind === "os.ssh") return { address: String(first.event.data["address"]) }
      if (first.event) seen.push(first.event)
      view = viewPhases(phases, from, seen)
      if (!first.event && view.next) return { error: systemMissing(run, view.next, reason) }
      if (first.event?.kind === "os.first-boot") {
        // A look that began earlier may hang on a connection from before.
        looking.callOff()
        looking = lookAfter(run, 0)
      }
      hearing = mailbox.next(view.due, signal)
    }
  } finally {
    looking.callOff()
    hearing.catch(() => {})
  }
}

type Look = { readonly address: string } | { readonly reason: string }

/** One look at the system, after a pause. Its verdict never rejects. */
function lookAfter(run: StepRun, pause: number): { readonly verdict: Promise<Look>; callOff(): void } {
  const { tools, signal } = run
  const abort = new AbortController()
  const within = AbortSignal.any([signal, abort.signal])
  const look = async (): Promise<Look> => {
    if (pause > 0) await tools.clock.sleep(pause, within)
    const target = await osTarget(run)
    if (!target) return { reason: "its address is not known: it leased none, and extra.ipv4_address is not set" }
    const verdict = await tools.probe.check(target, within)
    return verdict.up ? { address: target.host } : { reason: verdict.reason }
  }
  return {
    verdict: look().catch((error: unknown) => ({ reason: messageOf(error) })),
    callOff: () => abort.abort(new Error("called off")),
  }
}

function systemMissing({ node }: StepRun, { name, within, check }: Phase, reason: string): BifrostError {
  return new BifrostError(conductorErrors.OS_NOT_UP, {
    node: nameOf(node),
    detail: `${name} never came within ${Math.round(within / 1000)} s; SSH says: ${reason}`,
    remedy: `Check ${check}.`,
  })
}

/** What only the deploy needed is forgotten; where to find the system is kept. */
export const finish: Step = {
  name: "finish",
  where: "work",
  async run(run) {
    const { address } = run.earlier(waitForSystem.name)
    await run.amend(async (node, store) => {
      await forgetAgent(store, node.uuid)
      const { agent_url, next_boot, ...rest } = node.driver_internal_info
      const internal: JsonObject = address === undefined ? rest : { ...rest, ssh_address: address }
      return { power_state: "power on", driver_internal_info: internal }
    })
    return undefined
  },
}
