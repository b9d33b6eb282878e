import { defineService } from "../../src/deploy/service.ts"

const port = 11211

export default defineService({
  name: "memcached",
  summary: "cache of tokens and more",
  group: "control",
  containers: [
    {
      name: "memcached",
      image: "memcached",
      each: true,
      command: ({ host, facts }) => {
        const megabytes = Math.max(32, Math.min(1024, Math.floor(facts.memoryMb / 32)))
        return `/usr/bin/memcached -l ${host.address} -p ${port} -U 0 -m ${megabytes} -c 4096 -t ${Math.min(4, facts.cpus)}`
      },
      listens: [port],
      healthy: () => ["healthcheck_listen", "memcached", String(port)],
    },
  ],
})
