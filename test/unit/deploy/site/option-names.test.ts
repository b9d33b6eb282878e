import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { services } from "../../../../services/index.ts"
import { findingLine } from "../../../../src/deploy/site/finding.ts"
import { inspectSite } from "../../../../src/deploy/site/inspect.ts"
import type { OptionList } from "../../../../src/deploy/site/option-lists.ts"
import { lineOfOption, unknownOptions } from "../../../../src/deploy/site/option-names.ts"

/** What option_names.py printed in the images built here, of Debian trixie's OpenStack 2025.1. */
const captured = (name: string): OptionList =>
  JSON.parse(readFileSync(new URL(`captures/${name}-options.json`, import.meta.url), "utf8"))
const keystone = captured("keystone")
const glance = captured("glance")
const whats = (...args: Parameters<typeof unknownOptions>) => unknownOptions(...args).map(({ what }) => what)

it("knows the options of the real keystone, deprecated names and dashes too", () => {
  const config = {
    DEFAULT: { debug: "true", "log-dir": "/x", logdir: "/x" },
    token: { provider: "fernet", expiration: "60" },
    database: { connection: "x", max_retries: "-1" },
  }
  expect(whats(config, keystone)).toEqual([])
})

it("tells what it does not know, and what was meant", () => {
  expect(
    whats({ token: { expiraton: "1" }, databse: { connection: "x" }, DEFAULT: { max_retries: "1" } }, keystone),
  ).toEqual([
    'no option expiraton in [token], did you mean "expiration"?',
    'no section [databse], did you mean "database"?',
    "no option max_retries in [DEFAULT], it belongs to [database]",
  ])
})

it("takes the options of the authentication plugin that a section names, and no others", () => {
  const section = { auth_type: "password", auth_url: "x", username: "u", password: "p", project_name: "service" }
  expect(whats({ keystone_authtoken: section }, glance)).toEqual([])
  expect(whats({ keystone_authtoken: { ...section, user_nme: "u" } }, glance)).toHaveLength(1)
})

it("takes sections that options name, as stores and backends are", () => {
  const config = {
    DEFAULT: { enabled_backends: "ours:file, odd:other" },
    ours: { filesystem_store_datadir: "/x" },
    odd: { any: "1" },
  }
  expect(whats(config, glance)).toEqual([])
})

it("finds where an option stands", () => {
  const text = "# a\n[token]\nprovider = x\n\n[cache]\nprovider = y\n"
  expect(lineOfOption(text, "cache", "provider")).toBe(6)
  expect(lineOfOption(text, "cache", undefined)).toBe(5)
  expect(lineOfOption("debug = 1", "DEFAULT", "debug")).toBe(1)
})

const host = { name: "node1", address: "192.0.2.11", port: 22, user: "root", hostKey: "" }
const inventory = {
  hosts: [{ ...host, groups: ["control", "network", "compute", "storage", "monitoring", "deployment"] }],
}
const lists = (image: string) => ({ keystone, "glance-api": glance })[image]

function found(overrides: Record<string, string>): string[] {
  const folder = { site: "", overrides: new Map(Object.entries(overrides)), certificates: new Map<string, string>() }
  return inspectSite({ folder, services, inventory, options: lists }).findings.map(findingLine)
}

it("finds nothing unknown in the built-in configuration of keystone and glance", () => {
  expect(found({})).toEqual([])
})

it("tells the file and line of the operator's unknown option; what one service knows of global.conf has a use", () => {
  expect(
    found({
      "keystone.conf": "[DEFAULT]\ndebug = 1\n\n[token]\nexpiraton = 60\n",
      "global.conf": "[fernet_tokens]\nmax_active_keys = 5\n[DEFAULT]\nnonesuch = 1\n",
    }),
  ).toEqual([
    "config/global.conf:4:1: the service has no option nonesuch in [DEFAULT]",
    'config/keystone.conf:5:1: the service has no option expiraton in [token], did you mean "expiration"?',
  ])
})
