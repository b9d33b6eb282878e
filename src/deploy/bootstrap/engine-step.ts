import type { Step } from "../../graph/step.ts"
import { BifrostError, messageOf } from "../../util/errors.ts"
import { deployErrors } from "../errors.ts"
import type { DeployHost } from "../host.ts"

type Engine = "running" | "stopped" | "absent"

/** The client is a package of its own since Debian 13. */
const packages = "docker.io iproute2 kmod $(apt-cache show docker-cli >/dev/null 2>&1 && echo docker-cli)"
const installMs = 15 * 60_000

/** A container engine that is there and runs; one that runs is left alone, whatever its version. */
export function engineStep(host: DeployHost): Step<Engine> {
  const { transport, entry } = host
  const answers = () =>
    transport.engine.version().then(
      () => true,
      () => false,
    )
  return {
    id: `${entry.name}/engine`,
    after: [],
    async inspect(signal) {
      // The connection's own troubles are told as such, before the engine's silence is taken for its absence.
      const { code } = await transport.exec(["sh", "-c", "command -v dockerd"], { signal, accept: [1, 127] })
      if (code !== 0) return "absent"
      return (await answers()) ? "running" : "stopped"
    },
    plan(seen) {
      if (seen === "running") return []
      if (seen === "stopped") return [{ action: "start", target: "engine docker" }]
      return [{ action: "create", target: "engine docker", reason: "from the distribution's package docker.io" }]
    },
    async apply([change], signal) {
      if (change?.action === "create") await install(host, signal)
      // A package starts what it brings, as a rule.
      if (!(await answers())) await transport.exec(["systemctl", "start", "docker"], { signal })
    },
  }
}

async function install({ transport, entry }: DeployHost, signal: AbortSignal): Promise<void> {
  const { stdout } = await transport.exec(["sh", "-c", "command -v apt-get || true"], { signal })
  if (stdout.trim() === "")
    throw new BifrostError(deployErrors.ENGINE_NOT_INSTALLED, { node: entry.name, detail: "no apt-get" })
  const apt = "DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300"
  // needrestart, where it is installed, would restart services after the installation.
  const script = `export NEEDRESTART_MODE=l; ${apt} update && ${apt} install -y --no-install-recommends ${packages}`
  try {
    await transport.exec(["sh", "-c", script], { signal, timeoutMs: installMs })
  } catch (cause) {
    signal.throwIfAborted()
    throw new BifrostError(deployErrors.ENGINE_NOT_INSTALLED, { node: entry.name, detail: messageOf(cause), cause })
  }
}
