import { execFileSync, spawnSync } from "node:child_process"
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"

const project = join(import.meta.dirname, "../../..")
const NOBODY = 65534

/** A fresh clone that anyone may read, in a place that nobody may write to. */
let clone: string
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), "setup-"))
  chmodSync(clone, 0o755)
  for (const file of ["with-setup", "setup", "engine", "debian-packages"]) {
    cpSync(join(project, "scripts", file), join(clone, "scripts", file))
  }
  cpSync(join(project, "package-lock.json"), join(clone, "package-lock.json"))
})
afterEach(() => rmSync(clone, { recursive: true }))

/** Programs of this machine and no others, then those that are given as shell scripts. */
function pathOf(programs: readonly string[], scripts: Record<string, string> = {}): string {
  const bin = join(clone, "bin")
  mkdirSync(bin)
  const places = execFileSync("sh", ["-c", `for name in ${programs.join(" ")}; do command -v $name; done`], {
    encoding: "utf8",
  })
  for (const place of places.trim().split("\n")) symlinkSync(place, join(bin, basename(place)))
  for (const [name, text] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  }
  return bin
}
const basics = ["sh", "sed", "dirname", "readlink", "id", "cat", "sha256sum", "cut", "env"]
const knowsAll = { "apt-cache": 'echo "$2"', "apt-get": "exit 1" }

/** What a user who is not root is told, in one text. */
function runAs(command: readonly string[], PATH: string, more: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(command[0]!, command.slice(1), {
    ...{ cwd: clone, env: { PATH, ...more }, encoding: "utf8" },
    ...(process.getuid?.() === 0 && { uid: NOBODY, gid: NOBODY }),
  })
  return { status, said: stdout + stderr }
}

test("a fresh clone tells who is not root in one line what is missing and how it comes, and does nothing before", () => {
  const path = pathOf(basics, { ...knowsAll, "dpkg-query": "exit 1", npm: "echo npm was run" })
  const { status, said } = runAs(["scripts/with-setup", "demo", "scripts/demo.ts"], path, {
    npm_lifecycle_event: "demo",
  })
  expect(said).toMatch(
    /^missing: root, which network namespaces take, and the Debian packages ca-certificates curl .*\n$/,
  )
  expect(said).toContain(`; run: su - -c 'cd "${clone}" && npm run demo'`)
  expect(status).toBe(77)
  expect(existsSync(join(clone, "node_modules"))).toBe(false)
})

test("with every package there, root alone is missing, and sudo brings it where it is", () => {
  const path = pathOf(basics, { ...knowsAll, "dpkg-query": "echo 'ii '", sudo: "exit 1" })
  const { status, said } = runAs(["scripts/setup", "test"], path)
  expect(said).toBe("missing: root, which network namespaces take; run: sudo scripts/setup test\n")
  expect(status).toBe(77)
})

test.each([
  ["dpkg-query", knowsAll, "; run: su - -c '.* && apt-get install dpkg'"],
  ["apt-get", { "dpkg-query": "exit 1" }, "; run: npm run test in a container of it: docker run .* debian:13"],
])("a machine without %s is told so, and not that all its packages are missing", (name, programs, command) => {
  const { status, said } = runAs(["scripts/with-setup", "test", "x"], pathOf(basics, programs), {
    npm_lifecycle_event: "test",
  })
  expect(said).toMatch(new RegExp(`^missing: ${name}, [^;]*${command}\n$`))
  expect(status).toBe(69)
})

test("checks alone take neither root nor Debian", () => {
  expect(runAs(["scripts/setup", "check"], pathOf(basics))).toEqual({ status: 0, said: "" })
})

test("who is not root is told how to get an engine", () => {
  const { status, said } = runAs(["scripts/engine", "start"], pathOf(basics, { curl: "exit 7" }))
  expect(said).toMatch(/^missing: a Docker Engine that answers at .*; run as root: scripts\/engine start\n$/)
  expect(status).toBe(77)
})
