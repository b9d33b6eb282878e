import { defineErrors } from "../util/errors.ts"

export const enrollErrors = defineErrors({
  ENROLL_INVALID: {
    status: 400,
    summary: "nothing was enrolled, because the file has errors",
    remedy: "Correct the places listed and enroll again; --dry-run only checks.",
  },
})
