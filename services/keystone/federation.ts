import type { OsloConfig } from "../../src/deploy/oslo.ts"
import type { FileDefinition, ServiceContext } from "../../src/deploy/service.ts"
import { dashboardUrl } from "../common/dashboard.ts"

const callback = "/etc/keystone/sso_callback_template.html"

/**
 * What Keystone's side of a federation needs of the site: the dashboard that a token may be handed to, and the page that does it
 * (https://docs.openstack.org/keystone/latest/admin/federation/configure_federation.html). Providers, mappings and
 * protocols are objects of its API.
 */
export function federation(context: ServiceContext): OsloConfig[string] {
  const dashboard = dashboardUrl(context)
  return { sso_callback_template: callback, ...(dashboard && { trusted_dashboard: `${dashboard}/auth/websso/` }) }
}

/** Keystone puts the dashboard's address and the token into it; the browser hands the token over. */
export const callbackPage: FileDefinition = {
  name: "sso_callback_template.html",
  dest: callback,
  owner: "keystone:keystone",
  perm: "0600",
  content: () => `<!DOCTYPE html>
<html lang="en">
  <head><meta charset="utf-8"><title>Signing in</title></head>
  <body onload="document.forms[0].submit()">
    <form action="$host" method="post">
      <input type="hidden" name="token" value="$token">
      <noscript><button type="submit">Go on to the dashboard</button></noscript>
    </form>
  </body>
</html>
`,
}
