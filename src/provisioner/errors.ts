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
  BUNDLE_INCOMPLETE: {
    status: 400,
    summary: "the directory does not hold what images save writes",
    remedy: "Name the directory that `bifrost-ts images save DIRECTORY` wrote on the machine that builds.",
  },
  BUNDLE_REFUSED: {
    status: 502,
    summary: "the Docker Engine did not take the provisioner's image",
    remedy: "See the engine's own message; if the archive is cut off, carry the directory over again.",
  },
  REGISTRY_SILENT: {
    status: 504,
    summary: "the registry that images are saved through did not start",
    remedy: "Its last lines are above.",
  },
})
