import type { HostTransport } from "../../transport/port.ts"

/** A host as it says it is, by one command. */
export interface Survey {
  /** os-release(5): `debian 13`. */
  readonly system: string
  /** `uname -r` */
  readonly kernel: string
  readonly hostname: string
  /** Its clock, ms since the epoch, and ours in the middle of the question. */
  readonly clock: { readonly host: number; readonly ours: number; readonly uncertainty: number }
  /** `yes`, `no`, or nothing where no systemd tells. */
  readonly synchronized: string
  /** Free kilobytes where the engine keeps images. */
  readonly diskKb: number
  readonly memoryKb: number
  /** `cgroup2fs`, `tmpfs` (version 1). */
  readonly cgroup: string
  /** Kernel modules that are loaded, built in, or could be loaded. */
  readonly modules: ReadonlySet<string>
  /** Port → who listens on it, e.g. `nginx (pid 12)`. */
  readonly listeners: ReadonlyMap<number, string>
  /** Whether the registry's port could be reached. */
  readonly registry: boolean
}

/**
 * Programs of Debian's essential packages, iproute2 and kmod; bash is Debian's root shell. What kvm and tun are good for is their
 * device: the module kvm loads on a CPU that has no virtualization as well.
 */
const script = `
section() { printf '\\n@%s\\n' "$1"; }
section system; ( . /etc/os-release; echo "$ID $VERSION_ID" )
section kernel; uname -r
section hostname; hostname
section clock; date +%s%3N
section synchronized; timedatectl show -p NTPSynchronized --value 2>/dev/null
section disk; df -Pk "$( [ -d /var/lib/docker ] && echo /var/lib/docker || echo / )" | awk 'NR==2 {print $4}'
section memory; awk '/^MemTotal/ {print $2}' /proc/meminfo
section cgroup; stat -fc %T /sys/fs/cgroup
section modules; ls /sys/module | grep -vx kvm; [ -e /dev/net/tun ] && echo tun; [ -e /dev/kvm ] && echo kvm
for m in "\${@:3}"; do
    [ "$m" = kvm ] && ! grep -qwE 'vmx|svm' /proc/cpuinfo && continue
    modprobe -n -q "$m" 2>/dev/null && echo "$m"
done
section listeners; ss -Hltnp 2>/dev/null
section registry; timeout 5 bash -c ': < "/dev/tcp/$0/$1"' "$1" "$2" 2>/dev/null && echo yes
exit 0
`

export interface SurveyOptions {
  readonly registry: { readonly host: string; readonly port: number }
  readonly modules: readonly string[]
  readonly now: () => number
  readonly signal: AbortSignal
}

export async function survey(transport: HostTransport, options: SurveyOptions): Promise<Survey> {
  const { registry, modules, now, signal } = options
  // The connection is made first: the clocks are compared by the question, not by the handshake.
  await transport.exec(["true"], { signal })
  const asked = now()
  const command = ["bash", "-c", script, "survey", registry.host, String(registry.port), ...modules]
  const { stdout } = await transport.exec(command, { signal })
  return surveyFrom(stdout, asked, now())
}

export function surveyFrom(text: string, asked: number, answered: number): Survey {
  const sections = new Map(
    text.split("\n@").map((part) => {
      const [name = "", ...lines] = part.split("\n")
      return [name, lines.filter((line) => line !== "")] as const
    }),
  )
  const lines = (name: string) => sections.get(name) ?? []
  const first = (name: string) => lines(name)[0]?.trim() ?? ""
  return {
    system: first("system"),
    kernel: first("kernel"),
    hostname: first("hostname"),
    clock: { host: Number(first("clock")), ours: (asked + answered) / 2, uncertainty: (answered - asked) / 2 },
    synchronized: first("synchronized"),
    diskKb: Number(first("disk")),
    memoryKb: Number(first("memory")),
    cgroup: first("cgroup"),
    modules: new Set(lines("modules").map((line) => line.trim())),
    listeners: new Map(lines("listeners").flatMap(listener)),
    registry: first("registry") === "yes",
  }
}

/** `LISTEN 0 128 10.0.0.1:5000 0.0.0.0:* users:(("nginx",pid=12,fd=6))` of ss(8). */
function listener(line: string): [number, string][] {
  const [, , , local = ""] = line.trim().split(/\s+/)
  const port = Number(local.slice(local.lastIndexOf(":") + 1))
  const [, program, pid] = /\(\("([^"]+)",pid=(\d+)/.exec(line) ?? []
  return port > 0 ? [[port, program ? `${program} (pid ${pid})` : "someone"]] : []
}
