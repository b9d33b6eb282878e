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
