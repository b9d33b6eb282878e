import { PassThrough, Transform } from "node:stream"
import type { SiteServices } from "../api/ports.ts"
import { carriedUnits, hostOfUnit } from "../deploy/carried.ts"
import { demultiplex, execIn, orAbsent } from "../deploy/engine.ts"
import { deployErrors } from "../deploy/errors.ts"
import type { DeployHost } from "../deploy/host.ts"
import type { Placement } from "../deploy/placement.ts"
import { redact } from "../deploy/secrets.ts"
import { BifrostError } from "../util/errors.ts"
import type { Secret } from "../util/secret.ts"
import { type OpenSiteOptions, openSite } from "./open-site.ts"

/** A look at, and a hand in, what runs on the hosts, over the same SSH connections as a deployment's. */
export function siteServices({ store, paths, clock }: OpenSiteOptions): SiteServices {
  const open = () => openSite({ store, paths, clock })
  const find = async (hosts: ReadonlyMap<string, DeployHost>, placement: Placement, name: string, host?: string) => {
    const at = hosts.get(hostOfUnit(placement, name, host))!
    const container = at.transport.engine.getContainer(name)
    if (await orAbsent(container.inspect())) return { at, container }
    throw new BifrostError(deployErrors.NOT_DEPLOYED, { node: at.entry.name, detail: name })
  }
  const secrets = async () => {
    const names = await store.secrets.names("site")
    const all = await Promise.all(names.map((name) => store.secrets.get("site", name)))
    return all.filter((secret) => secret !== undefined)
  }

  return {
    async list() {
      const { placement, hosts, close } = await open()
      try {
        return await carriedUnits(placement, hosts)
      } finally {
        close()
      }
    },

    async logs(name, { host, tail, follow }) {
      const { placement, hosts, close } = await open()
      try {
        const { container, at } = await find(hosts, placement, name, host)
        const out = masked(await secrets())
        out.on("close", close)
        const options = { stdout: true, stderr: true, tail }
        if (follow) {
          const stream = await container.logs({ ...options, follow: true })
          const lines = new PassThrough()
          at.transport.engine.modem.demuxStream(stream, lines, lines)
          stream.on("end", () => lines.end()).on("error", (error) => lines.destroy(error))
          out.on("close", () => lines.destroy())
          lines.on("error", (error) => out.destroy(error)).pipe(out)
        } else {
          out.end(demultiplex(await container.logs(options)))
        }
        return out
      } catch (error) {
        close()
        throw error
      }
    },

    async exec(name, { host, user, command, signal }) {
      const { placement, hosts, close } = await open()
      try {
        const { at } = await find(hosts, placement, name, host)
        const options = { signal, ...(user !== undefined && { user }) }
        const outcome = await execIn(at.transport.engine, name, command, options)
        const known = await secrets()
        return { ...outcome, stdout: redact(outcome.stdout, known), stderr: redact(outcome.stderr, known) }
      } finally {
        close()
      }
    },
  }
}

/** Lines pass with the site's secrets taken out; a secret has no line break, so that none is cut in two. */
function masked(secrets: readonly Secret[]): Transform {
  let rest = ""
  return new Transform({
    encoding: "utf8",
    transform(chunk, _encoding, done) {
      const lines = (rest + chunk.toString("utf8")).split("\n")
      rest = lines.pop() ?? ""
      done(null, redact(lines.map((line) => `${line}\n`).join(""), secrets))
    },
    flush(done) {
      done(null, redact(rest, secrets))
    },
  })
}
