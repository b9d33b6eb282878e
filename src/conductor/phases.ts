import type { EventRecord } from "../store/records.ts"

/** One thing that a machine on its way is seen to do. */
export interface Phase {
  readonly name: string
  /** The event that shows it. */
  readonly event: string
  /** ms after the phase before it (or the start) within which it must show. */
  readonly within: number
  /** What a person can look at when it does not come. */
  readonly check: string
}

const second = 1000
const minute = 60 * second

/**
 * From power on to an agent that takes commands. The first limit allows for the self-test of a large server; the later
 * ones for a slow network.
 */
export const networkBoot: readonly Phase[] = [
  {
    name: "DHCP request",
    event: "netboot.dhcp",
    within: 10 * minute,
    check:
      "that the machine powers on, boots from the network first, that the enrolled MAC is that of the cabled port, and that the port is in the provisioning network",
  },
  {
    name: "boot script",
    event: "netboot.script",
    within: 3 * minute,
    check: "TFTP (udp/69) and HTTP (tcp/8080) between the machine and the provisioner, and the firmware's console",
  },
  {
    name: "kernel",
    event: "netboot.kernel",
    within: 2 * minute,
    check: "the console for an iPXE error, and that the boot folder holds vmlinuz",
  },
  {
    name: "ramdisk",
    event: "netboot.ramdisk",
    within: 5 * minute,
    check: "the console for an iPXE error, and the speed of the provisioning network",
  },
  {
    name: "agent's lookup",
    event: "agent.lookup",
    within: 5 * minute,
    check:
      "the console: does the kernel start, is there a driver for the network card, and at least 1 GB of memory? Do the enrolled MACs belong to this machine?",
  },
  {
    name: "agent's heartbeat",
    event: "agent.heartbeat",
    within: 2 * minute,
    check: "that the agent's console shows no error, and that it reaches the provisioner over HTTP",
  },
]

/** From the end of the write to a system that a person can log in to. Covers a power-on self-test when kexec is not possible. */
export const systemBoot: readonly Phase[] = [
  {
    name: "first boot",
    event: "os.first-boot",
    within: 15 * minute,
    check: "the machine's console: does the boot loader find the system, does the network come up?",
  },
  {
    name: "SSH",
    event: "os.ssh",
    within: 5 * minute,
    check: "that sshd runs, that TCP 22 is open, and that the host key is the one from the config drive",
  },
]

/** Other waits. `silence`: neither heartbeat, progress nor an answer of the agent while a command runs. */
export const limits = {
  silence: minute,
  poll: 10 * second,
  command: 3 * 60 * minute,
  probe: 5 * second,
} as const

export interface Sighting {
  readonly name: string
  readonly at: number | null
}

export interface PhaseView {
  readonly phases: readonly Sighting[]
  /** The first phase not seen yet; undefined when all are. */
  readonly next: Phase | undefined
  /** When `next` counts as missing, ms since the epoch. */
  readonly due: number
}

/**
 * What the events show of phases that began, or are given their time anew, at `from`. A later phase implies those before it: firmware may skip some, and an event may be
 * lost with the process that would have written it.
 */
export function viewPhases(phases: readonly Phase[], from: number, events: readonly EventRecord[]): PhaseView {
  let furthest = -1
  let last = from
  const sightings: (number | null)[] = phases.map(() => null)
  for (const event of events) {
    const index = phases.findIndex((phase) => phase.event === event.kind)
    if (index < 0 || sightings[index] != null) continue
    sightings[index] = event.at
    if (index <= furthest) continue
    furthest = index
    last = Math.max(last, event.at)
  }
  const next = phases[furthest + 1]
  return {
    phases: phases.map(({ name }, index) => ({ name, at: sightings[index] ?? null })),
    next,
    due: last + (next?.within ?? 0),
  }
}
