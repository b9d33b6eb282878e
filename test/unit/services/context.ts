import type { Front, ServiceContext } from "../../../src/deploy/service.ts"
import { resolveSite, type SiteFile } from "../../../src/deploy/site.ts"

const hosts = ["a", "b"].map((name, index) => ({
  ...{ name, address: `192.0.2.1${index + 1}`, port: 22, user: "root", hostKey: "", groups: ["control"] },
}))

/** What a definition is asked in, on the first of two control hosts. */
export function contextOf(site: SiteFile = {}, fronts: readonly Front[] = []): ServiceContext {
  return {
    site: resolveSite(site),
    host: hosts[0]!,
    facts: { cpus: 4, memoryMb: 16_384, interfaces: [] },
    carriers: () => hosts,
    network: () => ({ interface: "eth0", address: hosts[0]!.address }),
    fronts: fronts.map((front) => ({ ...front, hosts })),
    endpoint: (type) => `http://192.0.2.10/${type}`,
    certificate: () => undefined,
    authorities: "",
    secret: (name) => `secret-${name}`,
    databaseUrl: ({ name }) => `mysql+pymysql://${name}@192.0.2.11/${name}`,
  }
}
