import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inNamespace } from "../lab/lab.ts"
import type { MachineSpec } from "../lab/spec.ts"
import { openStore } from "../store/open.ts"
import { BifrostError, defineErrors } from "../util/errors.ts"
import { inState, type Paths } from "../util/paths.ts"

export const labSshErrors = defineErrors({
  NODE_NOT_REACHABLE_BY_SSH: {
    status: 409,
    summary: "nothing was deployed on this machine yet that one could log in to",
    remedy: "bifrost-ts provision deploys it; bifrost-ts lab console NODE shows what it does now.",
  },
})

type Server = Pick<MachineSpec, "name" | "mac" | "ip"> & { readonly hostKey?: string }

/** OpenSSH inside the lab's network, with the provisioner's key; the host key has to be the one given, or that of the deploy. */
export async function sshIntoServer(
  paths: Paths,
  lab: string,
  machine: Server,
  command: readonly string[],
): Promise<void> {
  const { identity, hostKey } = await credentials(paths, machine)
  const dir = mkdtempSync(join(tmpdir(), "bifrost-ssh-"))
  try {
    const key = join(dir, "key")
    const knownHosts = join(dir, "known_hosts")
    writeFileSync(key, identity, { mode: 0o600 })
    writeFileSync(knownHosts, `${machine.name} ${hostKey}\n`)
    const options = {
      IdentitiesOnly: "yes",
      UserKnownHostsFile: knownHosts,
      StrictHostKeyChecking: "yes",
      HostKeyAlias: machine.name,
    }
    const words = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`])
    const ssh = ["ssh", "-F", "none", "-i", key, ...words, `root@${machine.ip}`, ...command]
    const [program, ...args] = inNamespace(lab, ssh)
    process.on("SIGINT", () => {}) // it is ssh's
    process.exitCode = await new Promise<number>((resolve, reject) => {
      spawn(program!, args, { stdio: "inherit" })
        .on("error", reject)
        .on("exit", (code) => resolve(code ?? 1))
    })
  } finally {
    rmSync(dir, { recursive: true })
  }
}

async function credentials(paths: Paths, machine: Server): Promise<{ identity: string; hostKey: string }> {
  const unreachable = (detail: string) =>
    new BifrostError(labSshErrors.NODE_NOT_REACHABLE_BY_SSH, { node: machine.name, detail })
  if (!existsSync(inState.store(paths))) throw unreachable("no provisioner ran with this state directory")
  const store = await openStore(paths)
  try {
    const identity = await store.secrets.get("site", "ssh_private_key")
    if (!identity) throw unreachable("the provisioner has no SSH key yet")
    const hostKey = machine.hostKey ?? (await store.nodes.findByMac(machine.mac))?.driver_internal_info["ssh_host_key"]
    if (typeof hostKey !== "string") throw unreachable("it has no host key, so it was not deployed")
    return { identity: identity.reveal(), hostKey }
  } finally {
    await store.close()
  }
}
