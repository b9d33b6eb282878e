import { createSocket, type Socket } from "node:dgram"
import { BifrostError, type CodedKind } from "./errors.ts"

/** What each refusal of the kernel means to the room that binds. */
export interface BindFailures {
  readonly EADDRINUSE: CodedKind
  readonly EACCES: CodedKind
  readonly EADDRNOTAVAIL: CodedKind
}

/** A UDP socket on one IPv4 address; port 0 takes any. Rejects with the room's own kinds of error. */
export function bindUdp(address: string, port: number, failures: BindFailures): Promise<Socket> {
  const kinds: Readonly<Record<string, CodedKind>> = { ...failures }
  const socket = createSocket("udp4")
  return new Promise((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException) => {
      socket.close()
      const kind = kinds[cause.code ?? ""]
      reject(kind ? new BifrostError(kind, { detail: `${address}:${port}/udp`, cause }) : cause)
    }
    socket.once("error", onError)
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off("error", onError)
      resolve(socket)
    })
  })
}
