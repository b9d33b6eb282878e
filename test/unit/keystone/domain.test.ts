import { expect, it } from "vitest"
import { domainOperations } from "../../../src/keystone/domain.ts"
import type { Records } from "../../../src/keystone/records.ts"
import { Secret } from "../../../src/util/secret.ts"

const bare: Records = {
  ...{ regions: [], services: [], endpoints: [], users: [], projects: [], assignments: [] },
  roles: [{ id: "r", name: "admin" }],
  ...{ domains: [], domainAdmins: [], domainAssignments: [] },
}
const domain = {
  name: "heat_user_domain",
  description: "Users that stacks make",
  admin: { name: "heat_domain_admin", password: new Secret("pw") },
}
const [home, admin] = [
  { id: "d", name: "heat_user_domain" },
  { id: "u", name: "heat_domain_admin", enabled: true, domain_id: "d", bifrost_ts_password: "mark" },
]
const requests = (seen: Records, mark = "mark") =>
  domainOperations(seen, domain, mark).map(({ change, request }) => [
    `${change.action} ${change.target}`,
    request && `${request.method} ${request.path}`,
  ])

it("makes the domain, then its administrator, then the administrator's role, each once what it refers to is there", () => {
  expect(requests(bare)).toEqual([
    ["create domain heat_user_domain", "POST /v3/domains"],
    ["create user heat_domain_admin", undefined],
    ["create role admin of user heat_domain_admin in domain heat_user_domain", undefined],
  ])
  expect(requests({ ...bare, domains: [home] }).slice(0, 1)).toEqual([
    ["create user heat_domain_admin", "POST /v3/users"],
  ])
  expect(requests({ ...bare, domains: [home], domainAdmins: [admin] })).toEqual([
    ["create role admin of user heat_domain_admin in domain heat_user_domain", "PUT /v3/domains/d/users/u/roles/r"],
  ])
})

it("leaves a domain alone that is as it should be, and sets another password", () => {
  const assigned = { role: { id: "r" }, user: { id: "u" }, scope: { domain: { id: "d" } } }
  const seen = { ...bare, domains: [home], domainAdmins: [admin], domainAssignments: [assigned] }
  expect(requests(seen)).toEqual([])
  expect(requests(seen, "another")).toEqual([["update password of user heat_domain_admin", "PATCH /v3/users/u"]])
})
