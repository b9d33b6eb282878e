import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { open } from "node:fs/promises"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type ssh2 from "ssh2"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { sshProbe } from "../../../src/conductor/os-probe.ts"
import { newKeyPair } from "../../../src/transport/key-pair.ts"
import type { Secret } from "../../../src/util/secret.ts"
import { sshServer } from "./machine.ts"

const host = newKeyPair("host")
const site = newKeyPair("site")
const signal = new AbortController().signal

let server: ssh2.Server
let done: boolean
/** What the system does with a command. */
let run: (command: string) => number | Promise<number>
beforeEach(async () => {
  done = true
  run = (command) => (command === "true" || done ? 0 : 1)
  server = sshServer(host.private.reveal(), [site.public], (command) => run(command))
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

describe("a system of others, whose cloud-init is asked by the probe's own command line", () => {
  /** All that is in the system's PATH. */
  let bin: string
  beforeEach(() => {
    bin = mkdtempSync(join(tmpdir(), "cloud-init-"))
    run = async (command) => {
      const shell = spawn("/bin/sh", ["-c", command], { env: { PATH: bin }, stdio: "ignore" })
      return (await once(shell, "exit"))[0]
    }
  })
  afterEach(() => rmSync(bin, { recursive: true }))

  const cloudInit = (then: string) => {
    const text = `#!/bin/sh\n[ "$*" = "status --wait" ] || exit 64\n${then}\n`
    writeFileSync(join(bin, "cloud-init"), text, { mode: 0o755 })
  }
  const reason = (text: string) => ({ up: false, reason: expect.stringContaining(text) })

  test("is waited for while it runs", async () => {
    const pipe = join(bin, "until-closed")
    execFileSync("mkfifo", [pipe])
    cloudInit(`read -r line < ${pipe}; exit 0`)
    const verdict = sshProbe.check(target(), signal)
    // Opens when cloud-init reads, which then waits for the end.
    const running = await open(pipe, "w")
    expect(await Promise.race([verdict, "running"])).toBe("running")
    await running.close()
    expect(await verdict).toEqual({ up: true })
  })

  test.each([
    ["is up when it is done", 0, { up: true }],
    ["is up when it is done but degraded", 2, { up: true }],
    ["is not up when it failed", 1, reason("cloud-init failed")],
    ["is not up when it was killed", 137, reason("cloud-init failed")],
  ])("%s", async (_, code, verdict) => {
    cloudInit(`exit ${code}`)
    expect(await sshProbe.check(target(), signal)).toEqual(verdict)
  })

  test("is not up while it has neither cloud-init nor our mark", async () => {
    expect(await sshProbe.check(target(), signal)).toEqual(reason("first boot has not ended"))
  })
})
