import { mkdirSync, readFileSync, writeSync } from "node:fs"
import { IpmiServer } from "../ipmi/server/server.ts"
import { systemClock } from "../util/clock.ts"
import { messageOf } from "../util/errors.ts"
import { pathsFrom } from "../util/paths.ts"
import { Secret } from "../util/secret.ts"
import { accelerator } from "./accelerator.ts"
import { acpiSensor } from "./acpi-sensor.ts"
import { labLayout } from "./layout.ts"
import { Machine } from "./machine.ts"
import { tapOf } from "./namespace.ts"
import { serialOf } from "./qemu-args.ts"
import { SerialHub } from "./serial-hub.ts"
import type { LabSpec } from "./spec.ts"

/*
 * The lab's one background process: `node daemon.ts STATE NAME`, run inside the lab's network namespace. It holds every BMC
 * and starts the QEMUs, which outlive it: it may be killed and started again at any moment. Says "ready" on standard output
 * once all BMCs listen; logs on standard error.
 */

const [state, name] = process.argv.slice(2)
if (state === undefined || name === undefined) throw new Error("usage: daemon.ts STATE NAME")
const layout = labLayout({ ...pathsFrom({}), state }, name)
const spec: LabSpec = JSON.parse(readFileSync(layout.spec, "utf8"))
const log = (line: string) => console.error(`${new Date().toISOString()} ${line}`)

process.on("uncaughtException", (error) => log(`error ${error.stack ?? messageOf(error)}`))
process.on("unhandledRejection", (error) => log(`error ${messageOf(error)}`))
mkdirSync(layout.run, { recursive: true })
const accel = await accelerator()
log(`lab ${name}: ${spec.machines.length} machines, ${accel}`)

const bmcs = await Promise.all(
  spec.machines.map(async (machine, index) => {
    const files = layout.machine(machine.name)
    const serial = new SerialHub()
    const chassis = new Machine({
      spec: machine,
      layout: files,
      tap: tapOf(index),
      accelerator: accel,
      serial,
      clock: systemClock,
      log: (line) => log(`${machine.name} ${line}`),
    })
    const { address, port, user, password } = machine.bmc
    const server = new IpmiServer({
      address,
      port,
      users: [{ name: user, password: new Secret(password), privilege: "administrator" }],
      chassis,
      sol: serial,
      identity: { guid: machine.uuid, manufacturer: "bifrost-ts", product: "lab", serial: serialOf(machine) },
      sensors: [acpiSensor(chassis)],
    })
    // The BMC's port first: it is what keeps a second daemon of this lab from coming near the machines.
    await server.listen()
    await serial.listen(files.console)
    await chassis.adopt()
    log(`${machine.name} BMC on ${address}:${port}`)
    return { server, serial }
  }),
).catch((error) => {
  log(`cannot start: ${messageOf(error)}`)
  process.exit(1)
})

process.once("SIGTERM", async () => {
  log("ends; the machines stay as they are")
  await Promise.all(bmcs.map(({ server }) => server.close()))
  for (const { serial } of bmcs) serial.close()
  process.exit(0)
})

writeSync(1, "ready\n")
