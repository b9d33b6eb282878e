import { MASK, type Secret } from "../util/secret.ts"
import { contextOn } from "./context.ts"
import { withoutSecrets } from "./files.ts"
import type { DeployHost } from "./host.ts"
import type { Inventory } from "./inventory.ts"
import { amend, type Overrides } from "./overrides.ts"
import type { Placement } from "./placement.ts"
import { checkScope, type Scope } from "./scope.ts"
import { givenSecrets, redact } from "./secrets.ts"
import type { SiteConfig } from "./site.ts"
import type { FrontCertificates } from "./tls/certificate.ts"
import { renderUnit } from "./unit.ts"

export interface ConfigFile {
  readonly host: string
  readonly container: string
  /** In the container's folder under /etc/kolla. */
  readonly file: string
  readonly content: string
}

export interface GenconfigRequest {
  readonly placement: Placement
  readonly inventory: Inventory
  readonly hosts: ReadonlyMap<string, DeployHost>
  readonly site: SiteConfig
  readonly overrides: Overrides
  readonly secrets: ReadonlyMap<string, Secret>
  readonly certificates: FrontCertificates
  readonly scope: Pick<Scope, "only" | "hosts">
  /** Leave secrets as they are. */
  readonly reveal: boolean
}

/** The files that a deploy would lay down; hosts are asked for their CPUs, memory and addresses. Throws SCOPE_UNKNOWN. */
export async function generateConfig(request: GenconfigRequest): Promise<ConfigFile[]> {
  const { placement, inventory, hosts, site, overrides, secrets, certificates, scope, reveal } = request
  checkScope(scope, placement, inventory)
  const chosen = [...placement.containers, ...placement.tasks].filter(
    ({ service, host }) => (scope.only?.includes(service) ?? true) && (scope.hosts?.includes(host.name) ?? true),
  )
  const known = [...secrets.values(), ...givenSecrets(overrides)]
  const masked = (text: string) => redact(text, known).split("\n").map(withoutSecrets).join("\n")
  const files = chosen.map(async ({ service, unit, host }) => {
    const context = await contextOn(hosts.get(host.name)!, { placement, site, secrets, certificates })
    const place = { service, container: unit.name, host: host.name }
    const rendered = renderUnit(
      unit,
      unit.image,
      context,
      (file, builtin) => amend(overrides, { ...place, file }, builtin).content,
    )
    return rendered.files.map(
      ({ path, content, secret }): ConfigFile => ({
        host: host.name,
        container: unit.name,
        file: path.slice(rendered.folder.length + 1),
        content: reveal ? content : secret ? MASK : masked(content),
      }),
    )
  })
  return (await Promise.all(files)).flat()
}
