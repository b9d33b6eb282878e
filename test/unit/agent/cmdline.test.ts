import fc from "fast-check"
import { expect, it } from "vitest"
import { agentParameters, parseCmdline } from "../../../src/agent/cmdline.ts"

it("reads what the boot script passes", () => {
  const text = "quiet ipa-api-url=http://172.22.0.1:8080/ BOOTIF=01-52-54-00-AB-cd-EF ipa-lookup-timeout=60 a=1 a=2\n"
  expect(parseCmdline(text).get("a")).toBe("2")
  expect(agentParameters(parseCmdline(text))).toEqual({
    apiUrl: "http://172.22.0.1:8080",
    bootMac: "52:54:00:ab:cd:ef",
    token: undefined,
    lookupTimeoutMs: 60_000,
  })
})

it("keeps quoted spaces together and takes nonsense for absent", () => {
  const words = parseCmdline('dyndbg="file x +p; y" BOOTIF=eth0 ipa-lookup-timeout=soon')
  expect(words.get("dyndbg")).toBe("file x +p; y")
  expect(agentParameters(words)).toMatchObject({ apiUrl: undefined, bootMac: undefined, lookupTimeoutMs: 300_000 })
})

it("takes any command line, and of its parameters only what can be used", () => {
  const pieces = fc.constantFrom(
    ...["BOOTIF", "ipa-api-url", "ipa-lookup-timeout", "ipa-agent-token", "__proto__", "=", '"', " ", "\n", "\0"],
    ...["01-52-54-00-ab-cd-ef", "52:54:00:ab:cd:ef", "http://172.22.0.1:8080/", "/", "60", "1e999", "-1", "0x10"],
  )
  const lines = fc
    .array(fc.oneof(pieces, fc.string({ maxLength: 3 })), { maxLength: 30 })
    .map((parts) => parts.join(""))
  fc.assert(
    fc.property(lines, (line) => {
      const { bootMac, apiUrl, lookupTimeoutMs } = agentParameters(parseCmdline(line))
      expect(bootMac ?? "00:00:00:00:00:00").toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)
      expect(apiUrl ?? "http://x").toMatch(/[^/]$/)
      expect(lookupTimeoutMs).toBeGreaterThan(0)
      expect(lookupTimeoutMs).toBeLessThan(Number.POSITIVE_INFINITY)
    }),
    { numRuns: 1000 },
  )
})

it('reads back what is written as name="value", the last of a name', () => {
  const names = fc.string({ unit: fc.constantFrom("a", "b", "-", "."), minLength: 1, maxLength: 3 })
  const values = fc.string({ unit: fc.constantFrom("x", " ", "=", "\t", "/"), maxLength: 6 })
  fc.assert(
    fc.property(fc.array(fc.tuple(names, values)), (pairs) => {
      const line = pairs.map(([name, value]) => `${name}="${value}"`).join(" ")
      expect([...parseCmdline(line)]).toEqual([...new Map(pairs)])
    }),
  )
})
