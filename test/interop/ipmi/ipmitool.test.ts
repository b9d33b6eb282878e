import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { run } from "../../../src/util/run.ts"
import { password, startServer, username } from "../../unit/ipmi/fixture.ts"

/** Debian's ipmitool, which no one here wrote, judges our BMC. */
let bmc: Awaited<ReturnType<typeof startServer>>

beforeAll(async () => {
  bmc = await startServer()
})
afterAll(() => bmc.server.close())

async function ipmitool(words: string, { suite = 17, secret = password.reveal(), user = username } = {}) {
  const target = ["-I", "lanplus", "-H", "127.0.0.1", "-p", String(bmc.port), "-U", user, "-E", "-C", String(suite)]
  const env = { ...process.env, IPMI_PASSWORD: secret }
  const { code, stdout, stderr } = await run("ipmitool", [...target, "-N", "5", ...words.split(" ")], {
    env,
    accept: [1],
  })
  return { code, out: stdout + stderr }
}

describe.each([3, 17])("cipher suite %i", (suite) => {
  test("chassis power follows every action", async () => {
    const power = async () => (await ipmitool("chassis power status", { suite })).out.trim()
    await ipmitool("chassis power off", { suite })
    expect(await power()).toBe("Chassis Power is off")
    expect((await ipmitool("chassis power cycle", { suite })).out).toContain("not supported in present state")
    await ipmitool("chassis power on", { suite })
    expect(await power()).toBe("Chassis Power is on")
    bmc.machine.actions.length = 0
    for (const action of ["cycle", "reset", "diag", "soft"]) {
      expect((await ipmitool(`chassis power ${action}`, { suite })).code).toBe(0)
    }
    expect(bmc.machine.actions).toEqual(["cycle", "reset", "diag", "soft"])
    expect((await ipmitool("chassis status", { suite })).out).toMatch(/System Power +: off/)
  })
})

test("boot device: one-shot is used up by a boot, persistent and EFI stay", async () => {
  await ipmitool("chassis power off")
  expect((await ipmitool("chassis bootdev pxe")).out).toContain("Set Boot Device to pxe")
  expect(bmc.machine.flags.get()).toEqual({ device: "pxe", persistent: false, efi: false })
  await ipmitool("chassis power on")
  expect(bmc.machine.boots.at(-1)).toMatchObject({ device: "pxe" })
  expect((await ipmitool("chassis bootparam get 5")).out).toContain("Boot Flag Invalid")
  await ipmitool("chassis bootdev disk options=persistent,efiboot")
  await ipmitool("chassis power reset")
  const { out } = await ipmitool("chassis bootparam get 5")
  expect(out).toContain("Boot Flag Valid")
  expect(out).toContain("Options apply to all future boots")
  expect(out).toContain("BIOS EFI boot")
  expect(out).toContain("Force Boot from default Hard-Drive")
})

test.each([
  ["sdr list", [/Inlet Temp +\| 23 degrees C +\| ok/, /Fan 1 +\| 4200 RPM +\| ok/]],
  ["sdr elist", [/ACPI State +\| 03h \| ok +\| +7\.1 \| S0\/G0: working/]],
  ["fru print", [/Board Serial +: LAB-0001/, /Product Manufacturer +: bifrost-ts/, /Product Name +: Lab machine/]],
  ["sol info", [/Enabled +: true/, /Non-Volatile Bit Rate \(kbps\) +: 115.2/]],
  ["user list 1", [/1 +admin .*ADMINISTRATOR/, /2 +guest .*USER/]],
  ["channel info 1", [/Channel Medium Type +: 802.3 LAN/, /Session Support +: multi-session/]],
  [
    "channel getciphers ipmi 1",
    [/^3 +N\/A +hmac_sha1 +hmac_sha1_96 +aes_cbc_128/m, /^17 +N\/A +hmac_sha256 +sha256_128 +aes_cbc_128/m],
  ],
  ["mc info", [/IPMI Version +: 2.0/, /Chassis Device/]],
  ["mc selftest", [/Selftest: passed/]],
  ["mc guid", [/12345678-9abc-4def-8123-456789abcdef/]],
])("%s", async (words, patterns) => {
  bmc.machine.state = "on"
  const { code, out } = await ipmitool(words)
  for (const pattern of patterns) expect(out).toMatch(pattern)
  expect(code).toBe(0)
})

test("without -C it finds a suite by itself", async () => {
  const args = ["-I", "lanplus", "-H", "127.0.0.1", "-p", String(bmc.port), "-U", username, "-E", "mc", "info"]
  const { stdout } = await run("ipmitool", args, { env: { ...process.env, IPMI_PASSWORD: password.reveal() } })
  expect(stdout).toContain("IPMI Version")
})

test("a wrong password, an unknown user and a privilege too low are rejected", async () => {
  const wrong = await ipmitool("-v mc info", { secret: "wrong" })
  expect(wrong).toMatchObject({ code: 1, out: expect.stringContaining("HMAC is invalid") })
  const unknown = await ipmitool("-v mc info", { user: "nobody" })
  expect(unknown).toMatchObject({ code: 1, out: expect.stringContaining("unauthorized name") })
  const guest = await ipmitool("-v mc info", { user: "guest", secret: "guest" })
  expect(guest).toMatchObject({ code: 1, out: expect.stringMatching(/unauthorized role/i) })
})

test("sol activate shows the console and types into it", async () => {
  const sol = `ipmitool -I lanplus -H 127.0.0.1 -p ${bmc.port} -U ${username} -E -C 17 sol activate`
  // A terminal is demanded: script(1) gives one. "~." ends the console.
  const { stdout } = await run(
    "sh",
    ["-c", `(sleep 1; printf 'hello'; sleep 1; printf '\\r~.') | script -qec "${sol}" /dev/null`],
    {
      env: { ...process.env, IPMI_PASSWORD: password.reveal() },
      accept: [1],
    },
  )
  expect(stdout).toContain("SOL Session operational")
  expect(stdout).toContain("login: ")
  expect(stdout).toContain("HELLO")
  expect(stdout).toContain("terminated ipmitool")
})
