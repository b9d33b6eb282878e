import { BifrostError } from "../../util/errors.ts"
import { conductorErrors } from "../errors.ts"
import { nameOf } from "../operation.ts"
import type { Driver } from "./types.ts"

/** Ironic's `manual-management`: a machine without a BMC, or with one that is none of our business. */
export const manualDriver: Driver = {
  byHand: true,
  missing: () => undefined,
  power: (node) => ({
    get: async () => null,
    set: async (target) => {
      throw new BifrostError(conductorErrors.POWER_BY_HAND, { node: nameOf(node), detail: target })
    },
  }),
  management: (node) => ({
    getBootDevice: async () => ({ device: null, persistent: null }),
    setBootDevice: async (device) => {
      throw new BifrostError(conductorErrors.POWER_BY_HAND, { node: nameOf(node), detail: `boot device ${device}` })
    },
  }),
  close: async () => {},
}
