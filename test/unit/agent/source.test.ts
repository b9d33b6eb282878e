import http from "node:http"
import https from "node:https"
import type { AddressInfo } from "node:net"
import tls from "node:tls"
import { afterEach, expect, it } from "vitest"
import { ImageSource } from "../../../src/agent/image/source.ts"
import { siteAuthority } from "../../../src/service/pki.ts"
import { openMemoryStore } from "../../../src/store/open.ts"
import { type Clock, systemClock } from "../../../src/util/clock.ts"

/** Sleeping takes no time but the clock's own. */
function clockOf(start = 0): Clock & { time: number } {
  return {
    time: start,
    now() {
      return this.time
    },
    async sleep(ms) {
      this.time += ms
    },
    after: () => () => {},
  }
}

const servers: http.Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function serving(answer: http.RequestListener, server: http.Server = http.createServer()): Promise<string> {
  server.on("request", answer)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const scheme = server instanceof https.Server ? "https" : "http"
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/image`
}

async function read(source: ImageSource): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of source.stream()) parts.push(part)
  return Buffer.concat(parts).toString()
}

const image = "the first half, the second half"
const half = 15

it("goes on with a broken transfer when the server is back after 100 s", async () => {
  const clock = clockOf()
  let brokenAt: number | undefined
  const url = await serving(({ headers }, reply) => {
    if (brokenAt === undefined) {
      brokenAt = clock.time
      reply.writeHead(200, { "content-length": image.length, etag: '"1"' })
      reply.write(image.slice(0, half), () => reply.destroy())
    } else if (clock.time - brokenAt < 100_000) {
      reply.destroy()
    } else {
      const from = Number(/bytes=(\d+)-/.exec(headers.range ?? "")?.[1])
      reply.writeHead(206, { "content-range": `bytes ${from}-${image.length - 1}/${image.length}` })
      reply.end(image.slice(from))
    }
  })
  expect(await read(new ImageSource(url, { clock }))).toBe(image)
  expect(clock.time).toBeGreaterThanOrEqual(100_000)
})

it("gives up two minutes after the last byte, and says so", async () => {
  const clock = clockOf(1_000_000)
  const url = await serving((_request, reply) => void reply.destroy())
  await expect(read(new ImageSource(url, { clock }))).rejects.toMatchObject({
    code: "IMAGE_UNAVAILABLE",
    message: expect.stringMatching(/byte 0, \d+ attempts in 120 s/),
  })
  expect(clock.time).toBe(1_120_000)
})

it("does not insist on an answer that will stay the same", async () => {
  const clock = clockOf()
  const url = await serving((_request, reply) => void reply.writeHead(404).end())
  await expect(read(new ImageSource(url, { clock }))).rejects.toMatchObject({ code: "IMAGE_UNAVAILABLE" })
  expect(clock.time).toBe(0)
})

it("follows redirects, but not for ever", async () => {
  const clock = clockOf()
  const url = await serving(({ url: path }, reply) => {
    if (path === "/there") reply.end(image)
    else reply.writeHead(302, { location: path === "/loop" ? "/loop" : "/there" }).end()
  })
  expect(await read(new ImageSource(url, { clock }))).toBe(image)
  const loop = read(new ImageSource(url.replace("/image", "/loop"), { clock }))
  await expect(loop).rejects.toMatchObject({ message: expect.stringContaining("HTTP 302") })
})

it("reads https from a server whose certificate it can trust, and from no other", async () => {
  const store = await openMemoryStore()
  const known = tls.getCACertificates()
  try {
    const authority = await siteAuthority(store, systemClock)
    const { certificate, key } = await authority.issue(["127.0.0.1"])
    const server = https.createServer({ cert: certificate, key: key.reveal() })
    const url = await serving((_request, reply) => void reply.end(image), server)
    const stranger = read(new ImageSource(url, { clock: clockOf(), patienceMs: 0 }))
    await expect(stranger).rejects.toMatchObject({ message: expect.stringContaining("certificate") })
    tls.setDefaultCACertificates([authority.certificate])
    expect(await read(new ImageSource(url, { clock: clockOf() }))).toBe(image)
  } finally {
    tls.setDefaultCACertificates(known)
    await store.close()
  }
})
