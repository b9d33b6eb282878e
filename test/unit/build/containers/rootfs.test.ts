import { Readable } from "node:stream"
import { buffer } from "node:stream/consumers"
import { extract } from "tar-stream"
import { expect, it } from "vitest"
import { packRootfs } from "../../../../src/build/containers/rootfs.ts"

const files = [
  { path: "/usr/local/bin/tool", mode: "0755", content: Buffer.from("x") },
  { path: "/etc/nova/nova.conf", mode: "0640", content: Buffer.from("y") },
]

async function entries(): Promise<string[]> {
  const seen: string[] = []
  const parser = extract()
  Readable.from([await buffer(packRootfs(files))]).pipe(parser)
  for await (const entry of parser) {
    const { name, mode, mtime, uid } = entry.header
    seen.push(`${name} ${mode?.toString(8)} ${mtime?.getTime()} ${uid}`)
    entry.resume()
  }
  return seen
}

it("says the times of root's own directories, and leaves those out that may be a service's", async () => {
  expect(await entries()).toEqual([
    "etc/ 755 0 0",
    "usr/ 755 0 0",
    "usr/local/ 755 0 0",
    "usr/local/bin/ 755 0 0",
    "etc/nova/nova.conf 640 0 0",
    "usr/local/bin/tool 755 0 0",
  ])
})

it("gives the same bytes whatever the order of the files", async () => {
  expect(await buffer(packRootfs(files))).toEqual(await buffer(packRootfs(files.toReversed())))
})
