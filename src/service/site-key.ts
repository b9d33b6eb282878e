import { siteKeyPair } from "../conductor/node-secrets.ts"
import { openStore } from "../store/open.ts"
import type { Paths } from "../util/paths.ts"

/** The public half of the site's key, for who needs it before the service first ran. */
export async function sitePublicKey(paths: Paths): Promise<string> {
  const store = await openStore(paths)
  try {
    return (await siteKeyPair(store)).public
  } finally {
    await store.close()
  }
}
