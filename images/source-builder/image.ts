import { defineImage } from "../../src/build/containers/definition.ts"

/** Where pip builds what other images unpack: the same Python as theirs, with compilers and headers that stay here. */
export default defineImage({
  name: "source-builder",
  summary: "compilers and headers for virtual environments",
  tool: true,
  from: "base",
  packages: [
    ["gcc", "g++", "make", "pkgconf", "git", "patch"],
    ["python3-dev", "python3-venv"],
    [
      "libffi-dev",
      "libldap2-dev",
      "libpq-dev",
      "libsasl2-dev",
      "libssl-dev",
      "libxml2-dev",
      "libxslt1-dev",
      "zlib1g-dev",
    ],
  ].flat(),
})
