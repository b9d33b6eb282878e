import { carriedUnits } from "../../deploy/carried.ts"
import { certificateChecks } from "../../deploy/checks/certificates.ts"
import { containerFindings } from "../../deploy/checks/containers.ts"
import { endpointChecks } from "../../deploy/checks/endpoints.ts"
import { type CheckFinding, checkResult } from "../../deploy/checks/finding.ts"
import { prechecks } from "../../deploy/checks/prechecks.ts"
import { endpointUrl, fetchFor, secretOf } from "../../deploy/context.ts"
import type { JsonObject } from "../../store/records.ts"
import { BifrostError } from "../../util/errors.ts"
import { serviceErrors } from "../errors.ts"
import { type OpenSite, type OpenSiteOptions, openSite } from "../open-site.ts"
import type { RunKind } from "./engine.ts"

export interface CheckOptions extends OpenSiteOptions {
  readonly registry: { readonly address: string }
}

type Check = (open: OpenSite, options: CheckOptions, signal: AbortSignal) => Promise<CheckFinding[]>

/** `bifrost-ts prechecks`: can the hosts carry it? `bifrost-ts check`: does it work? A run that found faults has succeeded. */
const checks: Record<"prechecks" | "check", Check> = {
  prechecks: (open, { registry, clock }, signal) => prechecks({ ...open, registry, now: () => clock.now(), signal }),

  async check({ placement, site, hosts, certificates }, { store, clock }, signal) {
    const containers = containerFindings(await carriedUnits(placement, hosts))
    const password = await store.secrets.get("site", "keystone_admin_password")
    const entry = placement.services.flatMap(({ catalog = [] }) => catalog).find(({ type }) => type === "identity")
    if (!entry || !password) return containers
    const secrets = new Map([["keystone_admin_password", password]])
    const fetch = fetchFor({ site, certificates })
    const url = endpointUrl(entry, "public", { placement, site, secrets })
    return [
      ...containers,
      ...(await certificateChecks({ site, port: entry.port, now: clock.now(), signal })),
      ...(await endpointChecks({
        ...{ placement, url, fetch, signal },
        password: secretOf(secrets, "keystone_admin_password"),
      })),
    ]
  },
}

export function checkKinds(options: CheckOptions): Record<string, RunKind> {
  const kinds = Object.entries(checks).map(([name, check]): [string, RunKind] => [
    name,
    {
      async check(request) {
        const [unknown] = Object.keys(request)
        if (unknown === undefined) return
        const remedy = `See: bifrost-ts ${name} --help`
        throw new BifrostError(serviceErrors.RUN_INVALID, { detail: `unknown key ${unknown}`, remedy })
      },
      async execute({ signal }) {
        const open = await openSite(options)
        try {
          return checkResult(await check(open, options, signal)) as unknown as JsonObject
        } finally {
          open.close()
        }
      },
    },
  ])
  return Object.fromEntries(kinds)
}
