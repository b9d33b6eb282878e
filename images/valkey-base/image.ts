import { defineImage } from "../../src/build/containers/definition.ts"
import { extendStart } from "../service.ts"

export default defineImage({
  name: "valkey-base",
  summary: "Valkey's programs",
  from: "base",
  packages: ["valkey-sentinel", "valkey-server"],
  rpm: { packages: ["valkey"] },
  user: { name: "valkey", id: 42494, home: "/var/lib/valkey" },
  files: extendStart(),
  run: ["install -d -o valkey -g valkey -m 0750 /etc/valkey /run/valkey"],
})
