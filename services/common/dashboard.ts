import { originOf } from "../../src/deploy/entrance.ts"
import type { ServiceContext } from "../../src/deploy/service.ts"

/** Where people reach the dashboard, without a slash at its end; undefined where the site has none. */
export function dashboardUrl({ site, carriers }: Pick<ServiceContext, "site" | "carriers">): string | undefined {
  const [first] = carriers("horizon")
  return first && originOf(site, "public", first.address)
}
