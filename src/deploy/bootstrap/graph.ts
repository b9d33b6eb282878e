import { StepGraph } from "../../graph/graph.ts"
import type { Step } from "../../graph/step.ts"
import { BifrostError } from "../../util/errors.ts"
import { entranceNames } from "../entrance.ts"
import { deployErrors } from "../errors.ts"
import type { DeployHost } from "../host.ts"
import type { Inventory } from "../inventory.ts"
import { type KernelFeature, kernelFeatures } from "../kernel.ts"
import type { Placement } from "../placement.ts"
import { prepareStep } from "../prepare-step.ts"
import { checkScope, type Scope } from "../scope.ts"
import type { UnitDefinition } from "../service.ts"
import type { SiteConfig } from "../site.ts"
import { engineStep } from "./engine-step.ts"
import { settingStep } from "./setting-step.ts"

export interface BootstrapOptions {
  readonly placement: Placement
  readonly inventory: Inventory
  readonly hosts: ReadonlyMap<string, DeployHost>
  readonly site: SiteConfig
  readonly scope: Pick<Scope, "hosts">
  readonly registry: { readonly address: string; readonly ca?: string }
}

/** What hosts need before a deployment: an engine, names, kernel modules and settings. Nothing that runs is restarted. */
export function bootstrapGraph({ placement, inventory, hosts, site, scope, registry }: BootstrapOptions): StepGraph {
  checkScope(scope, placement, inventory)
  const chosen = [...hosts.values()].filter(({ entry }) => scope.hosts?.includes(entry.name) ?? true)
  const steps = chosen.flatMap((host): Step[] => {
    const units = placement.containers.filter((placed) => placed.host.name === host.entry.name).map(({ unit }) => unit)
    const prepare: Step[] = []
    const add = <Seen>(step: Step<Seen>) => void prepare.push(step)
    add(engineStep(host))
    add(prepareStep({ host, inventory, names: entranceNames(site), registry }))
    add(modulesStep(host, units, site))
    add(sysctlStep(host, units, site))
    return prepare
  })
  return new StepGraph(steps)
}

/** kvm stands for kvm_intel or kvm_amd, which the kernel loads where the processor has it. */
const byItself: readonly KernelFeature[] = ["kvm"]

function modulesStep(host: DeployHost, units: readonly UnitDefinition[], site: SiteConfig) {
  const { transport, entry } = host
  const features = units.flatMap(({ kernel }) => kernel?.(site) ?? []).filter((feature) => !byItself.includes(feature))
  const modules = [...new Set(features)].sort()
  const missing = async (signal: AbortSignal) => {
    const { stdout } = await transport.exec(["ls", "/sys/module"], { signal })
    const loaded = new Set(stdout.split("\n"))
    // Built in without parameters, some show only by what they offer.
    if ((await transport.exec(["test", "-e", "/dev/net/tun"], { signal, accept: [1] })).code === 0) loaded.add("tun")
    return modules.filter((name) => !loaded.has(name))
  }
  return settingStep({
    id: `${entry.name}/modules`,
    host,
    path: "/etc/modules-load.d/bifrost-ts.conf",
    content: modules.map((name) => `${name}\n`).join(""),
    missing: async (signal) => (await missing(signal)).map((name) => `module ${name}`),
    async enforce(signal) {
      for (const name of await missing(signal)) {
        const { code, stderr } = await transport.exec(["modprobe", name], { signal, accept: [1] })
        if (code === 0) continue
        const remedy = `Install a kernel that has it, or ${kernelFeatures[name].otherwise}.`
        throw new BifrostError(deployErrors.MODULE_MISSING, {
          node: entry.name,
          detail: `${name}: ${stderr.trim()}`,
          remedy,
        })
      }
    },
  })
}

function sysctlStep(host: DeployHost, units: readonly UnitDefinition[], site: SiteConfig) {
  const { transport, entry } = host
  const wanted = Object.entries(
    Object.assign({}, ...units.map(({ sysctl }) => sysctl?.(site) ?? {})) as Record<string, string>,
  )
  const path = "/etc/sysctl.d/90-bifrost-ts.conf"
  return settingStep({
    id: `${entry.name}/sysctl`,
    host,
    path,
    content: wanted
      .sort()
      .map(([key, value]) => `${key} = ${value}\n`)
      .join(""),
    async missing(signal) {
      const keys = wanted.map(([key]) => key)
      // One that the kernel does not have is an error on a line of its own; the others are told all the same.
      const { stdout } = await transport.exec(["sysctl", ...keys], { signal, accept: [1, 255] })
      const lines = new Set(stdout.replaceAll("\t", " ").split("\n"))
      return wanted.filter(([key, value]) => !lines.has(`${key} = ${value}`)).map(([key]) => `setting ${key}`)
    },
    async enforce(signal) {
      await transport.exec(["sysctl", "-q", "-p", path], { signal })
    },
  })
}
