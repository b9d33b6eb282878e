import { services } from "../../services/index.ts"
import type { GenerateConfig } from "../api/own/config.ts"
import { generateConfig } from "../deploy/genconfig.ts"
import { siteSecrets } from "../deploy/secrets.ts"
import { type OpenSiteOptions, openSite } from "./open-site.ts"

/** What `bifrost-ts genconfig` asks for: nothing is written, here or on hosts, secrets that are not made yet neither. */
export function siteConfig(options: OpenSiteOptions): GenerateConfig {
  return async ({ only, hosts, reveal }) => {
    const open = await openSite(options)
    try {
      const secrets = await siteSecrets(services, options.store.secrets, true)
      const scope = { ...(only && { only }), ...(hosts && { hosts }) }
      return await generateConfig({ ...open, secrets, scope, reveal })
    } finally {
      open.close()
    }
  }
}
