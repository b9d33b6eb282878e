import { mkdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { stringify } from "yaml"
import type { Clock } from "../util/clock.ts"
import { inState, type Paths } from "../util/paths.ts"
import { type Supervised, supervise } from "../util/supervise.ts"
import type { Authority } from "./pki.ts"

export interface RegistryOptions {
  readonly paths: Paths
  readonly clock: Clock
  readonly authority: Authority
  /** The provisioning interface's address; hosts pull from it. */
  readonly address: string
  readonly port: number
  readonly log: (line: string) => void
}

/**
 * The registry that hosts pull from: Debian's docker-registry, twice over one storage. Hosts reach a read-only one over
 * TLS; the one that can be pushed to listens on a unix socket only, so that no host can put an image on another.
 */
export async function startRegistry(options: RegistryOptions): Promise<Supervised> {
  const storage = inState.registry(options.paths)
  const runDir = join(options.paths.state, "run", "registry")
  await mkdir(storage, { recursive: true })
  await mkdir(runDir, { recursive: true, mode: 0o700 })

  const { certificate, key } = await options.authority.issue([options.address])
  const certificateFile = join(runDir, "tls.crt")
  const keyFile = join(runDir, "tls.key")
  await writeFile(certificateFile, certificate, { mode: 0o600 })
  await writeFile(keyFile, key.reveal(), { mode: 0o600 })

  const socket = inState.registrySocket(options.paths)
  await rm(socket, { force: true })

  const configurations = {
    pull: registryConfig(storage, true, {
      addr: `${options.address}:${options.port}`,
      tls: { certificate: certificateFile, key: keyFile },
    }),
    push: registryConfig(storage, false, { net: "unix", addr: socket }),
  }
  const running: Supervised[] = []
  for (const [name, config] of Object.entries(configurations)) {
    const file = join(runDir, `${name}.yml`)
    await writeFile(file, stringify(config), { mode: 0o600 })
    running.push(
      supervise("docker-registry", ["serve", file], {
        clock: options.clock,
        onExit: (how) => options.log(`registry (${name}): ${how}, starting it again`),
      }),
    )
  }
  return {
    async stop() {
      await Promise.all(running.map((registry) => registry.stop()))
      // Docker-registry leaves its socket. The key and the configurations are made anew at each start.
      await rm(socket, { force: true })
      await rm(runDir, { recursive: true, force: true })
    },
  }
}

function registryConfig(rootdirectory: string, readOnly: boolean, http: object) {
  return {
    version: "0.1",
    log: { level: "warn", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory }, maintenance: { readonly: { enabled: readOnly } } },
    http: { ...http, headers: { "X-Content-Type-Options": ["nosniff"] } },
  }
}
