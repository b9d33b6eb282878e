import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { localReference } from "../../../../src/build/containers/catalog.ts"
import { run } from "../../../../src/util/run.ts"
import { builtImages } from "../../deploy/container-host.ts"

let folder: string
let image: string
const name = `bifrost-contract-${process.pid}`

beforeAll(async () => {
  const [recipe] = await builtImages(["memcached"])
  image = localReference("memcached", recipe!.hash)
  folder = await mkdtemp(join(tmpdir(), "bifrost-contract-"))
}, 600_000)

afterAll(async () => {
  await run("docker", ["rm", "-f", name]).catch(() => {})
  await rm(folder, { recursive: true, force: true })
})

async function start(config: object, environment: string[] = []): Promise<void> {
  await run("docker", ["rm", "-f", name]).catch(() => {})
  await writeFile(join(folder, "config.json"), JSON.stringify(config))
  const variables = environment.flatMap((each) => ["-e", each])
  const mount = `${folder}:/var/lib/kolla/config_files:ro`
  await run("docker", ["run", "-d", "--name", name, "--network", "none", ...variables, "-v", mount, image])
}
const exec = async (...command: string[]) => (await run("docker", ["exec", name, ...command])).stdout.trim()
const asRoot = async (...command: string[]) =>
  (await run("docker", ["exec", "-u", "root", name, ...command])).stdout.trim()
async function ended(): Promise<string> {
  const { stdout } = await run("docker", ["wait", name])
  const { stdout: out, stderr } = await run("docker", ["logs", name])
  return `exit ${stdout.trim()}: ${out}${stderr}`
}

describe("Kolla's start contract", () => {
  it("copies files with owner and mode, and runs the command as the service's user", async () => {
    await writeFile(join(folder, "app.conf"), "[a]\nkey = 1\n", { mode: 0o600 })
    const file = {
      source: "/var/lib/kolla/config_files/app.conf",
      dest: "/etc/app/app.conf",
      owner: "memcached",
      perm: "0600",
    }
    await start({ command: "sleep 300", config_files: [file] })
    await expect.poll(() => exec("cat", "/etc/app/app.conf").catch(() => ""), { timeout: 20_000 }).toBe("[a]\nkey = 1")
    expect(await asRoot("stat", "-c", "%U:%G %a", "/etc/app/app.conf")).toBe("memcached:memcached 600")
    expect(await exec("whoami")).toBe("memcached")
    expect(await exec("cat", "/run_command")).toBe("sleep 300")
    // The first process is the init; the command follows it under its own name.
    expect(await exec("ps", "-o", "args=", "1")).toContain("dumb-init")
  })

  it("--check passes on what was laid down and names what was changed since", async () => {
    expect(await exec("sudo", "kolla_set_configs", "--check")).toBe("")
    await asRoot("chmod", "0644", "/etc/app/app.conf")
    await expect(exec("sudo", "kolla_set_configs", "--check")).rejects.toThrow("app.conf has mode 0644, not 0600")
    await asRoot("chmod", "0600", "/etc/app/app.conf")
    await asRoot("sh", "-c", "echo more >> /etc/app/app.conf")
    await expect(exec("sudo", "kolla_set_configs", "--check")).rejects.toThrow("app.conf differs")
  })

  it("lets the service's user run nothing else as root", async () => {
    await expect(exec("sudo", "-n", "id")).rejects.toThrow(/password is required|not allowed/)
  })

  it("ends with one line when a file is missing, unless it is optional", async () => {
    const missing = { source: "/var/lib/kolla/config_files/none", dest: "/etc/none", owner: "root", perm: "0600" }
    await start({ command: "true", config_files: [missing] })
    expect(await ended()).toMatch(/^exit 1: .*none does not exist, and is not optional/s)
    await start({ command: "true", config_files: [{ ...missing, optional: true }] })
    expect(await ended()).toMatch(/^exit 0/)
  })

  it("copies once under COPY_ONCE, and starts with that again whatever the configuration says by then", async () => {
    await start({ command: "echo first" }, ["KOLLA_CONFIG_STRATEGY=COPY_ONCE"])
    expect(await ended()).toMatch(/^exit 0.*^first$/ms)
    await writeFile(join(folder, "config.json"), JSON.stringify({ command: "echo second" }))
    await run("docker", ["start", name])
    const output = await ended()
    expect(output).toMatch(/^exit 0.*COPY_ONCE.*nothing is copied/ms)
    expect(output).not.toContain("second")
  })
})
