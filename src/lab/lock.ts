import { createServer } from "node:net"
import { BifrostError } from "../util/errors.ts"
import { labErrors } from "./errors.ts"

/**
 * Runs `work` while no other command changes the same lab. The lock is an abstract unix socket: the kernel frees it when the
 * process ends, however that comes about. Rejects with LAB_BUSY at once when it is taken.
 */
export async function withLabLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const lock = createServer()
  await new Promise<void>((resolve, reject) => {
    lock.once("error", (cause) => reject(new BifrostError(labErrors.LAB_BUSY, { detail: name, cause })))
    lock.listen(`\0bifrost-ts/lab/${name}`, resolve)
  })
  try {
    return await work()
  } finally {
    lock.close()
  }
}
