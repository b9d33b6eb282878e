import { defineService, type FileDefinition } from "../../src/deploy/service.ts"

const port = 11211

/** What it is told to keep it gives back; its port would be open also if it hung. */
const answers: FileDefinition = {
  name: "answers",
  dest: "/etc/memcached/answers",
  owner: "root:root",
  perm: "0755",
  content: ({ host }) => `#!/bin/bash
exec 3<>/dev/tcp/${host.address}/${port} || exit 1
printf 'set health-check 0 60 4\\r\\nkept\\r\\nget health-check\\r\\nquit\\r\\n' >&3
IFS= read -r -d '' -t 10 -u 3 answer
[[ $answer == $'STORED\\r\\nVALUE health-check 0 4\\r\\nkept\\r\\nEND\\r\\n' ]] && exit 0
echo "it does not give back what it was told to keep: $answer"
exit 1
`,
}

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
      files: [answers],
      healthy: () => [answers.dest],
    },
  ],
})
