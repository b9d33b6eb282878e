import { join } from "node:path"
import { inState, type Paths } from "../util/paths.ts"

/**
 * Where a lab keeps what it has. `dir` lasts (disks, logs, hosts.csv); `run` holds sockets and lies in /run because a
 * socket's path ends at 107 bytes and because a reboot, which ends the namespace, has to end it too.
 */
export interface LabLayout {
  readonly name: string
  readonly dir: string
  readonly run: string
  readonly spec: string
  readonly hostsCsv: string
  readonly daemonLog: string
  /** Names the state directory that the lab of this name belongs to. */
  readonly owner: string
  machine(name: string): MachineLayout
  host(name: string): HostLayout
  readonly ceph: CephLayout
}

/** Of the lab's Ceph cluster. */
export interface CephLayout {
  /** The container's name in the engine. */
  readonly container: string
  /** Mounted at /ceph: how the cluster is set up, with everybody's keys. */
  readonly cluster: string
  /** What a site needs below its own folder `config` to use the cluster. */
  readonly config: string
}

/** Of a container that acts as a host. */
export interface HostLayout {
  /** The container's name in the engine, and its volume's with "-docker" behind it. */
  readonly container: string
  /** Mounted at /host: the host's key, and whom it lets in. */
  readonly dir: string
}

export interface MachineLayout {
  readonly dir: string
  readonly disk: string
  /** UEFI variables, one's own for each machine. */
  readonly vars: string
  /** What the BMC remembers: boot flags. */
  readonly bmcState: string
  /** Everything the serial port ever said. */
  readonly consoleLog: string
  readonly qemuLog: string
  readonly qmp: string
  /** QEMU's end of the serial port; the daemon holds it. */
  readonly serial: string
  /** The daemon's end, for any number of readers and writers. */
  readonly console: string
}

export const runRoot = "/run/bifrost-ts"

export function labLayout(paths: Paths, name: string): LabLayout {
  const dir = join(inState.lab(paths), name)
  const run = join(runRoot, "lab", name)
  return {
    name,
    dir,
    run,
    spec: join(dir, "lab.json"),
    hostsCsv: join(dir, "hosts.csv"),
    daemonLog: join(dir, "daemon.log"),
    owner: join(run, "owner"),
    ceph: { container: `${name}-ceph`, cluster: join(dir, "ceph", "cluster"), config: join(dir, "ceph", "config") },
    host: (host) => ({ container: `${name}-${host}`, dir: join(dir, host) }),
    machine: (machine) => ({
      dir: join(dir, machine),
      disk: join(dir, machine, "disk.raw"),
      vars: join(dir, machine, "uefi-vars.fd"),
      bmcState: join(dir, machine, "bmc.json"),
      consoleLog: join(dir, machine, "console.log"),
      qemuLog: join(dir, machine, "qemu.log"),
      qmp: join(run, `${machine}.qmp`),
      serial: join(run, `${machine}.serial`),
      console: join(run, `${machine}.console`),
    }),
  }
}
