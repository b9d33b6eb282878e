import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { services } from "../../../services/index.ts"
import { listenOnSocket } from "../../../src/api/listen.ts"
import { certificateRoutes } from "../../../src/api/own/certificates.ts"
import { configRoute } from "../../../src/api/own/config.ts"
import { secretRoutes } from "../../../src/api/own/secrets.ts"
import { certificateDesk } from "../../../src/service/certificates.ts"
import { siteAuthority } from "../../../src/service/pki.ts"
import { systemClock } from "../../../src/util/clock.ts"
import { inState } from "../../../src/util/paths.ts"
import { startService } from "../../unit/api/service.ts"

/** The API on a socket in a state directory of its own, for the command line to call. */
export async function startOnSocket() {
  const state = mkdtempSync(`${tmpdir()}/bifrost-cli-`)
  const service = await startService()
  secretRoutes(service.app, { store: service.store, clock: systemClock, services })
  const authority = await siteAuthority(service.store, systemClock)
  const desk = { store: service.store, clock: systemClock, paths: { state, cache: state }, authority }
  certificateRoutes(service.app, certificateDesk(desk))
  configRoute(service.app, async ({ reveal, only }) => [
    {
      host: "node1",
      container: only?.[0] ?? "all",
      file: "a.conf",
      content: reveal ? "password = clear\n" : "password = ******\n",
    },
  ])
  const socket = inState.apiSocket({ state, cache: state })
  await listenOnSocket(service.app, socket)
  const close = async () => {
    await service.close()
    rmSync(state, { recursive: true, force: true })
  }
  return { ...service, state, socket, close }
}
