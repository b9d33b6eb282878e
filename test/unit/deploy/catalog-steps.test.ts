import { expect, it } from "vitest"
import glance from "../../../services/glance/service.ts"
import keystone from "../../../services/keystone/service.ts"
import mariadb from "../../../services/mariadb/service.ts"
import { catalogSteps } from "../../../src/deploy/catalog-steps.ts"
import { Placement } from "../../../src/deploy/placement.ts"
import type { ServiceDefinition } from "../../../src/deploy/service.ts"
import { resolveSite } from "../../../src/deploy/site.ts"
import { systemClock as clock } from "../../../src/util/clock.ts"
import { Secret } from "../../../src/util/secret.ts"

const host = { name: "host1", address: "127.0.0.1", port: 22, user: "root", hostKey: "", groups: ["control"] }

function stepsOf(services: readonly ServiceDefinition[]) {
  const site = resolveSite({ external_vip_address: "203.0.113.250", tls: { external: true } })
  const placement = new Placement(services, { hosts: [host] }, site)
  const names = services.flatMap(({ secrets = {} }) => Object.keys(secrets))
  const secrets = new Map(names.map((name) => [name, new Secret(name)]))
  return catalogSteps({ placement, site, secrets, clock, dryRun: true, after: ["host1/container/keystone"] })
}

it("gives each service that Keystone shall know a step under the name that others need it by", () => {
  const steps = stepsOf([mariadb, keystone, glance])
  expect(steps.map(({ id, after }) => [id, ...after])).toEqual([
    ["site/identity", "host1/container/keystone"],
    ["site/catalog-leftovers", "site/identity"],
    ["site/catalog/keystone", "site/identity"],
    ["site/catalog/glance", "site/identity"],
  ])
})

it("plans endpoints at the addresses where users and services are, before there is a Keystone", async () => {
  const glances = stepsOf([mariadb, keystone, glance]).at(-1)!
  const changes = glances.plan(await glances.inspect(AbortSignal.timeout(10_000)))
  expect(changes.map(({ action, target }) => `${action} ${target}`)).toEqual([
    "create service image glance",
    "create endpoint public image https://203.0.113.250:9292",
    "create endpoint internal image http://127.0.0.1:9292",
    "create user glance",
    "create role admin of user glance in project service",
    "create role service of user glance in project service",
  ])
})

it("is nothing for a site without Keystone", () => {
  expect(stepsOf([mariadb])).toEqual([])
})
