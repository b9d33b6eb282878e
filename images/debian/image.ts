import { defineImage } from "../../src/build/containers/definition.ts"

/** The root of all images. Documentation and translations stay out here and, by dpkg's configuration, in every image above. */
export default defineImage({
  name: "debian",
  summary: "Debian, minimal",
  bootstrap: {
    packages: ["ca-certificates"],
    dpkg: [
      "path-exclude=/usr/share/man/*",
      "path-exclude=/usr/share/info/*",
      "path-exclude=/usr/share/locale/*",
      "path-exclude=/usr/share/doc/*",
      "path-include=/usr/share/doc/*/copyright",
      "path-exclude=/usr/share/lintian/*",
      "force-unsafe-io",
    ],
  },
})
