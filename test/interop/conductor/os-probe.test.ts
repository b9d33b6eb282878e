import type { AddressInfo } from "node:net"
import type ssh2 from "ssh2"
import { afterEach, beforeEach, expect, test } from "vitest"
import { sshProbe } from "../../../src/conductor/os-probe.ts"
import { newKeyPair } from "../../../src/transport/key-pair.ts"
import type { Secret } from "../../../src/util/secret.ts"
import { sshServer } from "./machine.ts"

const host = newKeyPair("host")
const site = newKeyPair("site")
const signal = new AbortController().signal

let server: ssh2.Server
let done: boolean
beforeEach(async () => {
  done = true
  server = sshServer(host.private.reveal(), [site.public], () => done)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
})
afterEach(() => new Promise((resolve) => server.close(resolve)))

const target = (changes: { hostKey?: string; privateKey?: Secret } = {}) => ({
  host: "127.0.0.1",
  port: (server.address() as AddressInfo).port,
  hostKey: changes.hostKey ?? host.public,
  privateKey: changes.privateKey ?? site.private,
  firstBoot: true,
})

test("a system that lets us in and has booted is up", async () => {
  expect(await sshProbe.check(target(), signal)).toEqual({ up: true })
})

test("a system whose first boot has not ended is not", async () => {
  done = false
  expect(await sshProbe.check(target(), signal)).toEqual({ up: false, reason: expect.stringMatching(/first boot/) })
})

test("of a system that others installed no first boot is asked for", async () => {
  done = false
  expect(await sshProbe.check({ ...target(), firstBoot: false }, signal)).toEqual({ up: true })
})

test("a system with another host key never learns of our key", async () => {
  const hostKey = newKeyPair("other").public
  let asked = false
  server.on("connection", (client) => client.on("authentication", () => (asked = true)))
  const verdict = await sshProbe.check(target({ hostKey }), signal)
  expect(verdict).toEqual({ up: false, reason: expect.stringMatching(/another host key: SHA256:/) })
  expect(asked).toBe(false)
})

test("a system that does not know our key is not up", async () => {
  const privateKey = newKeyPair("other").private
  expect(await sshProbe.check(target({ privateKey }), signal)).toMatchObject({ up: false })
})

test("nobody there, and a probe that is called off", async () => {
  const nobody = { ...target(), port: 9 }
  expect(await sshProbe.check(nobody, signal)).toEqual({ up: false, reason: expect.stringMatching(/ECONNREFUSED/) })
  expect(await sshProbe.check(target(), AbortSignal.abort())).toEqual({ up: false, reason: "given up" })
})
