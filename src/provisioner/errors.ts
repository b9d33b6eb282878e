import { defineErrors } from "../util/errors.ts"

export const provisionerErrors = defineErrors({
  ENGINE_SILENT: {
    status: 503,
    summary: "no Docker Engine of this machine answers",
    remedy: "Start it (systemctl start docker, or scripts/engine start), then repeat the command.",
  },
  PROVISIONER_IMAGE_MISSING: {
    status: 409,
    summary: "the provisioner's image has not been built",
    remedy: "Run: bifrost-ts images build provisioner",
  },
  PROVISIONER_SILENT: {
    status: 504,
    summary: "the provisioner's container does not answer",
    remedy: "Look at: bifrost-ts logs",
  },
  PROVISIONER_DIED: {
    status: 500,
    summary: "the provisioner's container ended while it was starting",
    remedy: "Its last lines are above. Mend what they name, then run: bifrost-ts up",
  },
})
