import { Value } from "typebox/value"
import { expect, it } from "vitest"
import { defaultSite, resolveSite, siteSchema } from "../../../../src/deploy/site.ts"

it("has every core service and its usual options when the operator says nothing", () => {
  expect(Value.Check(siteSchema, defaultSite)).toBe(true)
  expect(Object.values(defaultSite.services).every(({ enabled }) => enabled)).toBe(true)
  expect(defaultSite).toMatchObject({ region: "RegionOne", services: { neutron: { plugin: "ovn" } } })
})

it("keeps what the operator says and fills in the rest, down to a part that is given empty", () => {
  const { services, networks } = resolveSite({
    services: { heat: { enabled: false }, nova: { virt_type: "qemu" }, cinder: { backends: { rbd: {} } } },
    networks: { tunnel: { interface: "eth2" } },
  })
  expect(services.heat.enabled).toBe(false)
  expect(services.nova).toEqual({ enabled: true, virt_type: "qemu" })
  // Backends are a choice, not a part: naming one leaves the default out.
  expect(services.cinder.backends).toEqual({ rbd: { pool: "volumes", user: "cinder" } })
  expect(networks).toEqual({ tunnel: { interface: "eth2" } })
})

it("leaves what it was given alone", () => {
  const file = { services: { nova: {} } }
  resolveSite(file)
  expect(file).toEqual({ services: { nova: {} } })
})
