import { defineImage } from "../../src/build/containers/definition.ts"

/** The root under install type rpm: an image of Rocky Linux 9 that the operator names, with the repositories of RDO. */
export default defineImage({
  name: "rocky",
  summary: "Rocky Linux 9, as the operator's base image has it",
  external: true,
})
