import { createSocket, type Socket } from "node:dgram"
import { BifrostError } from "../util/errors.ts"
import { tftpErrors } from "./errors.ts"

const bindFailures: Record<string, (typeof tftpErrors)[keyof typeof tftpErrors]> = {
  EADDRINUSE: tftpErrors.TFTP_PORT_TAKEN,
  EACCES: tftpErrors.TFTP_NOT_PERMITTED,
  EADDRNOTAVAIL: tftpErrors.TFTP_ADDRESS_ABSENT,
}

/** A UDP socket on one address; port 0 takes any. Rejects with the room's coded errors. */
export function bindUdp(address: string, port: number): Promise<Socket> {
  const socket = createSocket("udp4")
  return new Promise((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException) => {
      socket.close()
      const kind = bindFailures[cause.code ?? ""]
      reject(kind ? new BifrostError(kind, { detail: `${address}:${port}/udp`, cause }) : cause)
    }
    socket.once("error", onError)
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off("error", onError)
      resolve(socket)
    })
  })
}
