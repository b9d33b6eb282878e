import { defineImage } from "../../src/build/containers/definition.ts"
import { fullPerl } from "../prune.ts"

export default defineImage({
  name: "memcached",
  summary: "memcached",
  from: "base",
  packages: ["memcached"],
  rpm: { packages: ["memcached"] },
  prune: fullPerl,
  user: { name: "memcached", id: 42457, home: "/var/lib/memcached" },
  health: "healthcheck_listen memcached 11211",
})
