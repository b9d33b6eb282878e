import { messageOf } from "../../util/errors.ts"
import type { InventoryHost } from "../inventory.ts"
import { type KernelFeature, kernelFeatures } from "../kernel.ts"
import type { CheckFinding } from "./finding.ts"
import type { Survey } from "./survey.ts"

export interface HostNeeds {
  readonly host: InventoryHost
  /** Units that need it → what they need it for is in the table of features. */
  readonly kernel: ReadonlyMap<KernelFeature, readonly string[]>
  /** Port → container that will listen; without those that listen already. */
  readonly ports: ReadonlyMap<number, string>
  readonly registry: string
}

type Verdict = Omit<CheckFinding, "host" | "check">
const ok = (detail: string): Verdict => ({ status: "ok", detail, remedy: null })
const warning = (detail: string, remedy: string): Verdict => ({ status: "warning", detail, remedy })
const failed = (detail: string, remedy: string): Verdict => ({ status: "failed", detail, remedy })

/** Where the deployer has been tried, and what is near enough. */
const systems = /^(debian (12|13)|ubuntu (22|24|26)\.04|rocky 9)/

/** Kilobytes. An all-in-one unpacks some 8 GB of images and, with an instance, takes 4 GB of memory. */
const gigabyte = 1024 ** 2
const disk = { least: 5 * gigabyte, good: 20 * gigabyte }
const memory = { least: 1.4 * gigabyte, good: 3.8 * gigabyte }
/** ms. Tokens of one host must not seem to come from the future on another. */
const clockOff = { most: 5000, good: 1000 }

const gigabytes = (kb: number) => `${(kb / gigabyte).toFixed(1)} GB`

/** What a host's survey says, check by check. */
export function hostFindings(survey: Survey, { host, kernel, ports, registry }: HostNeeds): CheckFinding[] {
  const off = Math.abs(survey.clock.host - survey.clock.ours) - survey.clock.uncertainty
  const seconds = `${(Math.max(0, off) / 1000).toFixed(1)} s from this machine's`
  const verdicts: [string, Verdict][] = [
    [
      "system",
      systems.test(survey.system)
        ? ok(survey.system)
        : warning(survey.system || "unknown", "It may work; Debian 13 is what is tested."),
    ],
    [
      "cgroups",
      survey.cgroup === "cgroup2fs"
        ? ok("version 2")
        : warning(
            "version 1",
            "Boot with systemd.unified_cgroup_hierarchy=1: limits of instances are kept by version 2.",
          ),
    ],
    ["disk", level(survey.diskKb, disk, "free for images", "Free or add space where /var/lib/docker is.")],
    ["memory", level(survey.memoryKb, memory, "of memory", "Add memory, or move groups to other hosts.")],
    [
      "clock",
      off > clockOff.most
        ? failed(seconds, "Set the clock and let NTP keep it: tokens are refused otherwise.")
        : off > clockOff.good || survey.synchronized === "no"
          ? warning(
              `${seconds}, ${survey.synchronized === "yes" ? "" : "not "}synchronized`,
              "Let NTP keep it (systemd-timesyncd, chrony).",
            )
          : ok(seconds),
    ],
    [
      "name",
      survey.hostname.split(".")[0] === host.name
        ? ok(survey.hostname)
        : warning(
            `the host calls itself ${survey.hostname}`,
            `Name it as the inventory does: hostnamectl hostname ${host.name}`,
          ),
    ],
    [
      "registry",
      survey.registry
        ? ok(registry)
        : failed(`${registry} cannot be reached`, "Is a firewall between? The host pulls images from there."),
    ],
    ...[...ports].map(([port, container]): [string, Verdict] => {
      const who = survey.listeners.get(port)
      const free = ok(`free for ${container}`)
      return [
        `port ${port}`,
        who === undefined ? free : failed(`taken by ${who}; ${container} needs it`, "End or move that program."),
      ]
    }),
    ...[...kernel].map(([feature, units]): [string, Verdict] => {
      const { purpose, otherwise } = kernelFeatures[feature]
      if (survey.modules.has(feature)) return [`kernel ${feature}`, ok(purpose)]
      const detail = `kernel ${survey.kernel} has no ${feature}, which ${units.join(", ")} need for ${purpose}`
      return [`kernel ${feature}`, failed(detail, `Install a kernel that has it, or ${otherwise}.`)]
    }),
  ]
  return verdicts.map(([check, verdict]) => ({ host: host.name, check, ...verdict }))
}

function level(kb: number, { least, good }: { least: number; good: number }, what: string, remedy: string): Verdict {
  const detail = `${gigabytes(kb)} ${what}`
  if (kb < least) return failed(`${detail}, at least ${gigabytes(least)} are needed`, remedy)
  return kb < good ? warning(`${detail}, ${gigabytes(good)} are better`, remedy) : ok(detail)
}

/** A check that is made by trying something. */
export async function attempt(
  host: string,
  check: string,
  remedy: string,
  work: () => Promise<string>,
): Promise<CheckFinding> {
  try {
    return { host, check, ...ok(await work()) }
  } catch (error) {
    return { host, check, ...failed(messageOf(error), remedy) }
  }
}
