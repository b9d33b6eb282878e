import type { FastifyInstance } from "fastify"
import { type Side, sides } from "../../deploy/entrance.ts"
import type { CertificateEntry } from "../../deploy/tls/certificate.ts"
import { BifrostError } from "../../util/errors.ts"
import { kinds, readBody } from "../body.ts"
import { apiErrors } from "../errors.ts"

export interface Certificates {
  /** Of the site's virtual addresses under HTTPS. Those that are missing are made; with `renew`, those of these sides anyway. */
  list(renew?: readonly Side[]): Promise<CertificateEntry[]>
  /** PEM of the site's own authority. */
  authority(): Promise<string>
}

const isSide = (text: string): text is Side => (sides as readonly string[]).includes(text)

/** `/v1/certificates`: what HAProxy shows, without the keys. */
export function certificateRoutes(app: FastifyInstance, certificates: Certificates): void {
  app.get("/v1/certificates", async () => ({
    certificates: await certificates.list(),
    authority: await certificates.authority(),
  }))

  /** `{sides}`, all when not given → the same as GET, after the site's own have been made anew. */
  app.post("/v1/certificates/renew", async ({ body }) => {
    const { sides: given = [...sides] } = readBody(body, { sides: kinds.texts })
    const unknown = given.find((side) => !isSide(side))
    if (unknown !== undefined) {
      throw new BifrostError(apiErrors.FIELD_INVALID, { detail: `sides: ${unknown}`, expected: sides.join(" or ") })
    }
    return { certificates: await certificates.list(given.filter(isSide)), authority: await certificates.authority() }
  })
}
