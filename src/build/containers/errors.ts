import { defineErrors } from "../../util/errors.ts"

export const containerBuildErrors = defineErrors({
  CONTAINER_IMAGE_UNKNOWN: {
    status: 404,
    summary: "no such container image is defined",
    remedy: "The folders under images/ that hold an image.ts are the names there are.",
  },
  IMAGE_DEFINITION: {
    status: 500,
    summary: "an image definition is not sound",
    remedy: "Correct images/<name>/image.ts.",
  },
  IMAGE_BUILD_FAILED: {
    status: 500,
    summary: "an image could not be built",
    remedy: "The last lines of the build are above; the build can simply be run again.",
  },
  IMAGE_PUSH_FAILED: {
    status: 502,
    summary: "an image could not be pushed",
    remedy: "Is the registry up and reachable from the engine? What was pushed already is skipped the next time.",
  },
  IMAGE_NOT_BUILT: {
    status: 409,
    summary: "an image to push has not been built",
    remedy: "Run bifrost-ts images build containers.",
  },
})
