import { defineErrors } from "../../util/errors.ts"

export const containerBuildErrors = defineErrors({
  CONTAINER_IMAGE_UNKNOWN: {
    status: 404,
    summary: "no such container image is defined",
    remedy: "The folders under images/ that hold an image.ts are the names there are.",
  },
  IMAGE_PATTERN: {
    status: 400,
    summary: "this is neither an image's name nor a regular expression",
    remedy: "bifrost-ts images list --containers shows the names.",
  },
  PROFILE_UNKNOWN: {
    status: 404,
    summary: "no such set of images is known",
    remedy: "src/build/containers/profiles.ts has them.",
  },
  PARENT_NOT_BUILT: {
    status: 409,
    summary: "what an image builds on is not built",
    remedy: "Leave out --skip-parents.",
  },
  OVERRIDES_UNREADABLE: {
    status: 400,
    summary: "the file of overrides for images cannot be read",
    remedy: "Check its name and its permissions.",
  },
  OVERRIDES_INVALID: {
    status: 400,
    summary: "the file of overrides for images has errors",
    remedy: "Correct each line named; docs/images.md describes the keys. Nothing was built.",
  },
  IMAGE_FILE: {
    status: 400,
    summary: "a file that goes into an image cannot be read",
    remedy: "Correct its path in images.yaml or in the image's definition.",
  },
  IMAGE_BLOCKED: {
    status: 409,
    summary: "an image can be rendered, but not built",
    remedy: 'See docs/images.md, "Install types".',
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
  IMAGES_FAILED: {
    status: 500,
    summary: "not all images could be built",
    remedy: "Each one's error is above; what was built stays, so run the same command again.",
  },
  RELEASE_UNKNOWN: {
    status: 404,
    summary: "no such release of OpenStack is known",
    remedy: "Choose one that src/build/containers/releases.ts has, or add it there.",
  },
  SBOM_EMPTY: {
    status: 500,
    summary: "an image does not say what packages it has",
    remedy: "It needs a shell and a package manager's database; was something pruned that should not be?",
  },
  IMAGE_PUSH_FAILED: {
    status: 502,
    summary: "an image could not be pushed",
    remedy: "Is the registry up and reachable from the engine? What was pushed already is skipped the next time.",
  },
  SCRATCH_DATABASE: {
    status: 500,
    summary: "the MariaDB in which images' migrations are tried does not do what it should",
    remedy: "Is the image mariadb whole? bifrost-ts images build containers mariadb --refresh builds it anew.",
  },
  MIGRATION_FAILED: {
    status: 500,
    summary: "an image's migrations fail on an empty database",
    remedy: "A deployment would fail in the same way: correct what the lines above name and build the image again.",
  },
  IMAGE_NOT_BUILT: {
    status: 409,
    summary: "an image to push has not been built",
    remedy: "Run bifrost-ts images build containers.",
  },
})
