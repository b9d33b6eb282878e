import type { InventoryHost } from "../../src/deploy/inventory.ts"
import type { ServiceContext } from "../../src/deploy/service.ts"
import { hostPort } from "../../src/util/host-port.ts"

/** What the services around OVN agree on. */

/** One half of OVN's database: what Neutron wants (northbound), what hosts make of it (southbound). */
export interface OvnDatabase {
  readonly half: "nb" | "sb"
  /** The container that serves it. */
  readonly container: string
  readonly port: number
  /** ovsdb's name of its schema, and of the table with the one row that describes it. */
  readonly schema: string
  readonly table: string
}

export const northbound: OvnDatabase = {
  half: "nb",
  container: "ovn_nb_db",
  port: 6641,
  schema: "OVN_Northbound",
  table: "NB_Global",
}

export const southbound: OvnDatabase = {
  half: "sb",
  container: "ovn_sb_db",
  port: 6642,
  schema: "OVN_Southbound",
  table: "SB_Global",
}

/** Where a database is reached: every server of it, so that a client finds one that lives. ovsdb's syntax. */
export const connectionTo = ({ container, port }: OvnDatabase, { carriers }: Pick<ServiceContext, "carriers">) =>
  carriers(container)
    .map((host) => serverOn(host, port))
    .join(",")

/** `tcp:192.0.2.1:6641` (ovsdb(7), Connection Methods). */
export const serverOn = ({ address }: Pick<InventoryHost, "address">, port: number) => `tcp:${hostPort(address, port)}`
