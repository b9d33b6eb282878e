import type { FastifyInstance } from "fastify"
import { enroll } from "../../enroll/enroll.ts"
import { enrollErrors } from "../../enroll/errors.ts"
import { kinds, readBody, required } from "../body.ts"
import { FaultyFile } from "../failures.ts"
import type { ApiOptions } from "../ports.ts"

/** Room for some ten thousand hosts. */
const LARGEST_FILE = 16 * 2 ** 20

/** `POST /v1/enrollments {filename, content, dry_run}` → EnrollReport; 400 with every fault of the file. */
export function enrollmentRoutes(app: FastifyInstance, { store, clock }: ApiOptions): void {
  app.post("/v1/enrollments", { bodyLimit: LARGEST_FILE }, async (request) => {
    const body = readBody(request.body, { filename: kinds.text, content: kinds.text, dry_run: kinds.boolean })
    const result = await enroll(store, clock, {
      filename: required("filename", body.filename),
      content: required("content", body.content),
      dry_run: body.dry_run ?? false,
    })
    if ("report" in result) return result.report
    const [first] = result.faults
    const more = result.faults.length > 1 ? `, and ${result.faults.length - 1} more` : ""
    throw new FaultyFile(result.faults, enrollErrors.ENROLL_INVALID, {
      detail: `line ${first?.line}, column ${first?.column}: ${first?.what}, expected ${first?.expected}${more}`,
    })
  })
}
