import { expect, it } from "vitest"
import { services } from "../../../services/index.ts"
import type { DeployHost } from "../../../src/deploy/host.ts"
import { checkSettled } from "../../../src/deploy/settled.ts"
import { resolveSite } from "../../../src/deploy/site.ts"
import { labels, ownerValue } from "../../../src/deploy/unit.ts"

/** A host that carries containers of these names, made by us or by others. */
const hostWith = (names: readonly string[], owner: string = ownerValue) =>
  ({
    entry: { name: "host2" },
    survey: async () => ({
      containers: new Map(names.map((name) => [name, { Labels: { [labels.owner]: owner } }])),
    }),
  }) as unknown as DeployHost
const site = (plugin: "ovn" | "openvswitch") => resolveSite({ services: { neutron: { plugin } } })

it("refuses another network plugin than the one that instances hang on, and names host, container and both", async () => {
  const refused = checkSettled(hostWith(["neutron_openvswitch_agent"]), services, site("ovn"))
  await expect(refused).rejects.toMatchObject({ code: "DECISION_SETTLED" })
  await expect(refused).rejects.toThrow(
    /host2.*neutron_openvswitch_agent.*services\.neutron\.plugin: openvswitch.*services\.neutron\.plugin: ovn/s,
  )
  const back = checkSettled(hostWith(["neutron_ovn_metadata_agent"]), services, site("openvswitch"))
  await expect(back).rejects.toMatchObject({ code: "DECISION_SETTLED" })
})

it.each([
  ["the one that is there", hostWith(["neutron_ovn_metadata_agent"])],
  ["any on a host without networks", hostWith(["mariadb"])],
  ["any beside a container of someone else", hostWith(["neutron_openvswitch_agent"], "someone")],
])("takes %s", async (_what, host) => {
  await expect(checkSettled(host, services, site("ovn"))).resolves.toBeUndefined()
})
