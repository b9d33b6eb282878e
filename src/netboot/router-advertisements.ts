import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Clock } from "../util/clock.ts"
import { messageOf } from "../util/errors.ts"
import type { Paths } from "../util/paths.ts"
import { supervise } from "../util/supervise.ts"

export interface AdvertisementOptions {
  readonly interface: string
  readonly paths: Paths
  readonly clock: Clock
  readonly log: (line: string) => void
}

/**
 * An iPXE that has IPv6 waits 13 s for a router before it goes on with IPv4 (docs/boot-walkthrough.md). Node has no raw
 * sockets, so Debian's radvd answers its question, where it is installed and permitted (docs/decisions/0024). Without
 * it machines boot all the same, only later: that is logged once.
 */
export function startAdvertisements(options: AdvertisementOptions): { stop(): Promise<void> } {
  const { interface: name, paths, clock, log } = options
  const nothing = { stop: async () => {} }
  const without = (why: string) => {
    log(`no IPv6 router advertisements (${why}): iPXE will wait about 13 s longer`)
    return nothing
  }
  const program = find("radvd")
  if (!program) return without("radvd is not installed")
  if (!hasLinkLocal(name)) return without(`${name} has no IPv6 link-local address`)

  const folder = join(paths.state, "run")
  const config = join(folder, "radvd.conf")
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(config, radvdConfig(name), { mode: 0o644 })
  } catch (error) {
    return without(messageOf(error))
  }
  let told = false
  const args = ["--nodaemon", "--config", config, "--pidfile", join(folder, "radvd.pid"), "--logmethod", "stderr"]
  let last = ""
  return supervise(program, args, {
    clock,
    onLine: (line) => {
      last = line
    },
    onExit: (how) => {
      if (!told) without(`radvd: ${how}: ${last}`)
      told = true
    },
  })
}

/**
 * Lifetime 0: an answer to the question "is there a router", and the answer is no. No prefix either, so no machine gets
 * an IPv6 address or a route by this.
 */
export function radvdConfig(name: string): string {
  return `interface ${name} {
  AdvSendAdvert on;
  AdvDefaultLifetime 0;
  MinRtrAdvInterval 3;
  MaxRtrAdvInterval 10;
};
`
}

function hasLinkLocal(name: string): boolean {
  try {
    // address, index, prefix length, scope (20 is link), flags, name
    const lines = readFileSync("/proc/net/if_inet6", "utf8").split("\n")
    return lines.some((line) => {
      const [, , , scope, , device] = line.trim().split(/\s+/)
      return scope === "20" && device === name
    })
  } catch {
    return false
  }
}

function find(program: string): string | undefined {
  for (const folder of ["/usr/sbin", "/usr/bin", "/sbin", "/usr/local/sbin"]) {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return join(folder, program)
    } catch {}
  }
  return undefined
}
