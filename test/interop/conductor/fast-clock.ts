import { type Clock, systemClock } from "../../../src/util/clock.ts"

/** Real time, faster: processes that share `epoch` agree on what time it is. */
export function fastClock(epoch: number, factor: number): Clock {
  return {
    now: () => epoch + Math.round((Date.now() - epoch) * factor),
    sleep: (ms, signal) => systemClock.sleep(ms / factor, signal),
    after: (ms, fire) => systemClock.after(ms / factor, fire),
  }
}
