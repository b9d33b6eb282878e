import { defineImage } from "../../src/build/containers/definition.ts"

export default defineImage({
  name: "memcached",
  summary: "memcached",
  from: "base",
  packages: ["memcached"],
  user: { name: "memcached", id: 42457, home: "/var/lib/memcached" },
  health: "healthcheck_listen memcached 11211",
})
