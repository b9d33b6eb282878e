import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import memcached from "../../../../services/memcached/service.ts"
import { localReference } from "../../../../src/build/containers/catalog.ts"
import type { ServiceContext } from "../../../../src/deploy/service.ts"
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

async function start(config: object, environment: string[] = [], more: string[] = []): Promise<void> {
  await run("docker", ["rm", "-f", name]).catch(() => {})
  await writeFile(join(folder, "config.json"), JSON.stringify(config))
  const variables = environment.flatMap((each) => ["-e", each])
  const mount = `${folder}:/var/lib/kolla/config_files:ro`
  await run("docker", ["run", "-d", "--name", name, "--network", "none", ...variables, ...more, "-v", mount, image])
}
const exec = async (...command: string[]) => (await run("docker", ["exec", name, ...command])).stdout.trim()
const asRoot = async (...command: string[]) =>
  (await run("docker", ["exec", "-u", "root", name, ...command])).stdout.trim()
async function ended(): Promise<string> {
  const { stdout } = await run("docker", ["wait", name])
  const { stdout: out, stderr } = await run("docker", ["logs", name])
  return `exit ${stdout.trim()}: ${out}${stderr}`
}

/** Containers start slowly on a busy machine. */
const soon = { timeout: 30_000 }

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
    await expect.poll(() => exec("cat", "/etc/app/app.conf").catch(() => ""), soon).toBe("[a]\nkey = 1")
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

  it("takes globs, folders, merges and literal names, and makes directories and files", async () => {
    await mkdir(join(folder, "parts/deep"), { recursive: true })
    await writeFile(join(folder, "parts/one.conf"), "one", { mode: 0o640 })
    await writeFile(join(folder, "parts/two.conf"), "two")
    await writeFile(join(folder, "parts/deep/three.conf"), "three")
    await writeFile(join(folder, "[odd].conf"), "odd")
    const at = "/var/lib/kolla/config_files"
    const owned = { owner: "memcached:kolla", perm: "0640" }
    await start({
      command: "sleep 300",
      directories: [{ path: "/var/lib/made", owner: "memcached", perm: "0750" }],
      files: [{ path: "/var/lib/made/empty", owner: "memcached", perm: "0600" }],
      config_files: [
        { source: `${at}/parts/*.conf`, dest: "/etc/globbed/", ...owned },
        { source: `${at}/parts`, dest: "/etc/into/", ...owned },
        { source: `${at}/parts`, dest: "/etc/sudoers.d", merge: true, preserve_properties: true },
        { source: `${at}/[odd].conf`, dest: "/etc/odd.conf", ignore_globs: true, ...owned },
      ],
      permissions: [
        { path: "/etc/into", owner: "memcached", recurse: true, exclude: ["deep/three"] },
        { path: "/etc/globbed/*.conf", owner: "root", perm: "0600" },
      ],
    })
    await expect.poll(() => exec("cat", "/run_command").catch(() => ""), soon).toBe("sleep 300")
    const seen = await asRoot(
      ...["stat", "-c", "%n %U:%G %a", "/var/lib/made", "/var/lib/made/empty", "/etc/globbed/one.conf"],
      ...["/etc/into/parts", "/etc/into/parts/two.conf", "/etc/into/parts/deep/three.conf"],
      ...["/etc/sudoers.d/one.conf", "/etc/sudoers.d/kolla", "/etc/odd.conf"],
    )
    expect(seen.split("\n")).toEqual([
      "/var/lib/made memcached:memcached 750",
      "/var/lib/made/empty memcached:memcached 600",
      "/etc/globbed/one.conf root:root 600",
      "/etc/into/parts memcached:memcached 750",
      "/etc/into/parts/two.conf memcached:memcached 640",
      "/etc/into/parts/deep/three.conf memcached:kolla 640",
      "/etc/sudoers.d/one.conf root:root 640",
      "/etc/sudoers.d/kolla root:root 440",
      "/etc/odd.conf memcached:kolla 640",
    ])
  })

  it("gives the image's file back when the configuration no longer replaces it", async () => {
    const replaced = {
      source: "/var/lib/kolla/config_files/app.conf",
      dest: "/etc/hostname.d",
      owner: "root",
      perm: "0644",
    }
    const replacing = { ...replaced, dest: "/etc/memcached.conf" }
    const own = (await run("docker", ["run", "--rm", "--entrypoint", "cat", image, "/etc/memcached.conf"])).stdout
    await start({ command: "sleep 300", config_files: [replaced, replacing] })
    await expect.poll(() => exec("cat", "/etc/memcached.conf").catch(() => ""), soon).toContain("key = 1")
    await writeFile(join(folder, "config.json"), JSON.stringify({ command: "sleep 300" }))
    await expect(exec("sudo", "kolla_set_configs", "--check")).rejects.toThrow("no longer in the configuration")
    await run("docker", ["restart", "-t", "1", name])
    await expect.poll(() => exec("cat", "/etc/memcached.conf").catch(() => ""), soon).toBe(own.trim())
    await expect(exec("ls", "/etc/hostname.d")).rejects.toThrow()
    expect(await exec("sudo", "kolla_set_configs", "--check")).toBe("")
  })

  it("reads config.yaml before config.json, and says what is wrong with a mode", async () => {
    const file = (perm: string) =>
      `command: echo from yaml\nconfig_files:\n- {source: /var/lib/kolla/config_files/app.conf, dest: /etc/a, owner: root, perm: ${perm}}\n`
    await writeFile(join(folder, "config.yaml"), file('"0600"'))
    await start({ command: "echo from json" })
    expect(await ended()).toMatch(/^exit 0.*^from yaml$/ms)
    await writeFile(join(folder, "config.yaml"), file("0600"))
    await start({ command: "true" })
    expect(await ended()).toMatch(/^exit 1.*perm must be octal digits in quotes/s)
    await rm(join(folder, "config.yaml"))
  })

  it("sources the image's preparation, unless told to skip it", async () => {
    await writeFile(join(folder, "kolla_extend_start"), "echo prepared\nARGS=with-arguments\n")
    const extend = {
      source: "/var/lib/kolla/config_files/kolla_extend_start",
      dest: "/usr/local/bin/kolla_extend_start",
      owner: "root",
      perm: "0755",
    }
    await start({ command: "echo ran", config_files: [extend] })
    expect(await ended()).toMatch(/^exit 0: prepared$.*^ran with-arguments$/ms)
    await start({ command: "echo ran", config_files: [extend] }, ["KOLLA_SKIP_EXTEND_START="])
    expect(await ended()).not.toContain("prepared")
  })

  it("trusts the site's certificate authorities", async () => {
    await mkdir(join(folder, "ca-certificates"), { recursive: true })
    const certificate = join(folder, "ca-certificates/site.pem")
    await run("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"],
      ...["-subj", "/CN=site-ca", "-keyout", "/dev/null", "-out", certificate],
    ])
    await start({ command: "openssl verify /usr/local/share/ca-certificates/kolla-customca-site.crt" })
    expect(await ended()).toMatch(/^exit 0.*site.crt: OK/s)
    await rm(join(folder, "ca-certificates"), { recursive: true })
    await run("docker", ["start", name])
    await run("docker", ["wait", name])
    const bundle = await run("docker", ["diff", name])
    expect(bundle.stdout).not.toContain("kolla-customca-site")
  })

  it("has health checks that tell a working process from one that is not", async () => {
    await start({ command: "memcached -l 127.0.0.1 -p 11211" })
    await expect.poll(() => exec("healthcheck_listen", "memcached", "11211").catch(() => "no"), soon).toBe("")
    await expect(exec("healthcheck_listen", "memcached", "11212")).rejects.toThrow("does not listen on port 11212")
    // One of several ports is enough; another process's port is not.
    expect(await exec("healthcheck_listen", "memcached", "11212", "11211")).toBe("")
    await expect(exec("healthcheck_listen", "beam.smp", "11211")).rejects.toThrow("does not listen")
    await expect(exec("healthcheck_port", "cat", "11211")).rejects.toThrow("no connection")
    const client = exec("bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/11211; exec -a client-of-cache sleep 30")
    await expect.poll(() => exec("healthcheck_port", "client-of-cache", "11211").catch(() => "no"), soon).toBe("")
    client.catch(() => {})
    await exec("touch", "/tmp/fresh")
    expect(await exec("healthcheck_filemod", "/tmp/fresh", "60")).toBe("")
    await exec("touch", "-d", "1 hour ago", "/tmp/stale")
    await expect(exec("healthcheck_filemod", "/tmp/stale", "60")).rejects.toThrow("was last written 36")
    await expect(exec("healthcheck_socket", "memcached", "/tmp/cache.sock")).rejects.toThrow("does not have")
    await start({ command: "memcached -s /tmp/cache.sock" })
    await expect.poll(() => exec("healthcheck_socket", "memcached", "/tmp/cache.sock").catch(() => "no"), soon).toBe("")
    await expect(exec("healthcheck_socket", "sleep", "/tmp/cache.sock")).rejects.toThrow("does not have")
  })

  it("runs a service's own check, by which the engine tells a program that hangs although its port is open", async () => {
    const { files = [], healthy } = memcached.containers[0]!
    const context = { host: { address: "127.0.0.1" } } as ServiceContext
    const at = "/var/lib/kolla/config_files"
    const laidDown = files.map(async ({ name, dest, owner, perm, content }) => {
      await writeFile(join(folder, name), String(content(context)))
      return { source: `${at}/${name}`, dest, owner, perm }
    })
    const config = { command: "memcached -l 127.0.0.1 -p 11211", config_files: await Promise.all(laidDown) }
    const often = ["--health-interval=1s", "--health-timeout=2s", "--health-retries=1"]
    await start(config, [], [`--health-cmd=${healthy(context).join(" ")}`, ...often])
    const health = async () => (await run("docker", ["inspect", "-f", "{{.State.Health.Status}}", name])).stdout.trim()
    await expect.poll(health, soon).toBe("healthy")
    await exec("pkill", "-STOP", "-x", "memcached")
    await expect.poll(health, soon).toBe("unhealthy")
    expect(await exec("healthcheck_listen", "memcached", "11211")).toBe("")
    await exec("pkill", "-CONT", "-x", "memcached")
    await expect.poll(health, soon).toBe("healthy")
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
