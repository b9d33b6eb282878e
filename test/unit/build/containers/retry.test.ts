import { expect, it } from "vitest"
import { networkFault, withRetries } from "../../../../src/build/containers/retry.ts"
import type { Clock } from "../../../../src/util/clock.ts"

/** Sleeps in no time, and says for how long it would have. */
function fakeClock(slept: number[]): Clock {
  return { now: () => 0, after: () => () => {}, sleep: async (ms) => void slept.push(ms) }
}

it.each([
  "E: Failed to fetch http://mirror/x.deb  Temporary failure resolving 'mirror'",
  "pip._vendor.urllib3.exceptions.ReadTimeoutError: read timed out",
  "Get https://registry/v2/: net/http: TLS handshake timeout",
  `Get "http://127.0.0.1:5000/v2/": EOF`,
  "connect ECONNREFUSED 127.0.0.1:5000",
])("blames the network: %s", (line) => {
  expect(networkFault(`first\n${line}\nlast`)).toBe(line)
})

it.each(["E: Unable to locate package nosuch", "error: command 'gcc' failed", "exit code: 1"])("not: %s", (line) => {
  expect(networkFault(line)).toBeUndefined()
})

it("tries again what the network broke, ever later, and gives up after the last", async () => {
  const slept: number[] = []
  const told: string[] = []
  let attempts = 0
  const attempt = async () => {
    attempts++
    throw new Error("Connection reset by peer")
  }
  const onRetry = (error: string, seconds: number) => void told.push(`${seconds} ${error}`)
  await expect(withRetries(attempt, { clock: fakeClock(slept), retries: 2, onRetry })).rejects.toThrow("reset by peer")
  expect(attempts).toBe(3)
  expect(slept).toEqual([2000, 4000])
  expect(told[0]).toBe("2 Connection reset by peer")
})

it("does not try again what failed by itself", async () => {
  let attempts = 0
  const attempt = async () => {
    attempts++
    throw new Error("Unable to locate package")
  }
  await expect(withRetries(attempt, { clock: fakeClock([]), retries: 5 })).rejects.toThrow("Unable to locate")
  expect(attempts).toBe(1)
})
