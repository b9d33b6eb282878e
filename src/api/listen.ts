import { chmodSync, mkdirSync, rmSync } from "node:fs"
import { connect } from "node:net"
import { dirname } from "node:path"
import type { FastifyInstance } from "fastify"
import { BifrostError } from "../util/errors.ts"
import { apiErrors } from "./errors.ts"

/** Listens for the command line: whoever may enter the directory (its owner) may call. A socket that a dead service left goes. */
export async function listenOnSocket(app: FastifyInstance, path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  chmodSync(dirname(path), 0o700)
  if (await answers(path)) throw new BifrostError(apiErrors.SOCKET_TAKEN, { detail: path })
  rmSync(path, { force: true })
  await app.listen({ path })
  chmodSync(path, 0o600)
}

/** Listens for other clients of Ironic's API on this machine; `app` was built with `authenticate`. Returns the port. */
export async function listenOnLoopback(app: FastifyInstance, port: number, host = "127.0.0.1"): Promise<number> {
  if (!/^(127(\.\d{1,3}){3}|::1)$/.test(host)) throw new BifrostError(apiErrors.NOT_LOOPBACK, { detail: host })
  await app.listen({ host, port })
  const address = app.server.address()
  return address !== null && typeof address === "object" ? address.port : port
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.on("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.on("error", () => resolve(false))
  })
}
