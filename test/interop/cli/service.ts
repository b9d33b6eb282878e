import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { listenOnSocket } from "../../../src/api/listen.ts"
import { inState } from "../../../src/util/paths.ts"
import { startService } from "../../unit/api/service.ts"

/** The API on a socket in a state directory of its own, for the command line to call. */
export async function startOnSocket() {
  const state = mkdtempSync(`${tmpdir()}/bifrost-cli-`)
  const service = await startService()
  const socket = inState.apiSocket({ state, cache: state })
  await listenOnSocket(service.app, socket)
  const close = async () => {
    await service.close()
    rmSync(state, { recursive: true, force: true })
  }
  return { ...service, state, socket, close }
}
