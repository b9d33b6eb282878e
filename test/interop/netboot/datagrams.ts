import { createSocket } from "node:dgram"
import { createInterface } from "node:readline"

/**
 * A UDP socket as a process of its own, so that it can live in a namespace: its address and port as arguments. Each line
 * of standard input is a datagram to send, each line of standard output one that came: address, port and bytes in
 * hexadecimal. The first line says that it listens.
 */
const [address, port] = process.argv.slice(2)
const socket = createSocket("udp4")
socket.on("message", (bytes, from) => console.log(from.address, from.port, bytes.toString("hex")))
await new Promise<void>((done) => socket.bind(Number(port), address, done))
socket.setBroadcast(true)
console.log("listens")
for await (const line of createInterface({ input: process.stdin })) {
  const [to, at, hex = ""] = line.split(" ")
  await new Promise((done) => socket.send(Buffer.from(hex, "hex"), Number(at), to, done))
}
socket.close()
