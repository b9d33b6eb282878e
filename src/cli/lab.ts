import { spawn } from "node:child_process"
import { type Command, Option } from "commander"
import pc from "picocolors"
import { containerState } from "../lab/containers.ts"
import { labErrors } from "../lab/errors.ts"
import { hostShell } from "../lab/hosts.ts"
import {
  defaultLabName,
  findHost,
  findMachine,
  inNamespace,
  labDown,
  labStatus,
  labUp,
  requireNetwork,
} from "../lab/lab.ts"
import { defaults, type LabOptions } from "../lab/spec.ts"
import { BifrostError } from "../util/errors.ts"
import { inState, pathsFrom } from "../util/paths.ts"
import { examples } from "./examples.ts"
import { interruption } from "./interruption.ts"
import { attachConsole } from "./lab-console.ts"
import { hostNeeds, labImage } from "./lab-hosts.ts"
import { addLibvirtBmcs } from "./lab-libvirt.ts"
import { printList, printStatus } from "./lab-output.ts"
import { sshIntoServer } from "./lab-ssh.ts"
import { wholeNumber } from "./options.ts"

interface Named {
  readonly name: string
}
type Formatted = Named & { readonly json?: boolean }

const paths = pathsFrom(process.env)

/** `bifrost-ts lab …`: bare machines with BMCs, made of QEMU, and containers that act as hosts, in one network namespace. */
export function registerLab(program: Command): void {
  program.enablePositionalOptions()
  const lab = program
    .command("lab")
    .enablePositionalOptions() // options after the first word of a command to run are that command's
    .description("bare QEMU machines with BMCs, and containers that act as hosts, on a network of their own")
  const add = (usage: string, description: string) =>
    lab.command(usage).description(description).option("--name <lab>", "which lab", defaultLabName)

  add("up", "make the lab, or what is missing of it")
    .option("--nodes <number>", `how many machines (${defaults.nodes})`, wholeNumber)
    .option("--hosts <number>", "how many containers that act as servers to adopt (0)", wholeNumber)
    .option("--ceph", "a Ceph cluster beside them, with the files by which a site uses it")
    .option("--memory <size>", `RAM of each, such as 1536M (${defaults.memory})`)
    .option("--cpus <number>", `processors of each (${defaults.cpus})`, wholeNumber)
    .option("--disk <size>", `disk of each; takes room only as it fills (${defaults.disk})`)
    .addOption(
      new Option("--firmware <kind>", `mixed alternates (${defaults.firmware})`).choices(["bios", "uefi", "mixed"]),
    )
    .option("--external", "a second card, enp0s16, where instances will be reached")
    .option("--json", "print the lab's status as JSON")
    .addHelpText(
      "after",
      examples("lab up", "lab up --nodes 3 --firmware mixed", "lab up --hosts 2", "lab up --hosts 1 --ceph"),
    )
    .action(up)

  add("down", "remove every process, namespace and file of the lab")
    .option("--json", "print what was removed as JSON")
    .action(async ({ name, json }: Formatted) => {
      const removed = await labDown(paths, name)
      if (json) return console.log(JSON.stringify({ name, removed }, null, 2))
      printList(removed, pc.red("-"), `There is no lab ${name}: nothing to remove.`)
    })

  add("status", "show the machines and what they do")
    .option("--json", "print as JSON")
    .action(async ({ name, json }: Formatted) => {
      const status = await labStatus(paths, name)
      if (json) console.log(JSON.stringify(status, null, 2))
      else printStatus(status)
    })

  add("console <node>", "a machine's serial console, which Ctrl-] leaves; on a host, a shell").action(
    async (node: string, { name }: Named) => {
      const found = findHost(paths, name, node)
      if (!found) return attachConsole(findMachine(paths, name, node))
      const { pid } = await containerState(found.layout.container)
      if (pid === null) throw new BifrostError(labErrors.LAB_HOST_FAILED, { node, detail: "it does not run" })
      process.exitCode = await foreground(hostShell(pid))
    },
  )

  add("ssh <node> [command...]", "log in to a host or a deployed machine with the provisioner's key")
    .passThroughOptions()
    .action((node: string, command: string[], { name }: Named) => {
      requireNetwork(name)
      const found = findHost(paths, name, node)
      const server = found
        ? { ...found.host, hostKey: found.host.sshHostKey.public }
        : findMachine(paths, name, node).machine
      return sshIntoServer(paths, name, server, command)
    })

  add("exec <command...>", "run a command of the host inside the lab's network: lab exec -- ping 172.22.0.11")
    .passThroughOptions()
    .action(async (command: string[], { name }: Named) => {
      requireNetwork(name)
      process.exitCode = await foreground(inNamespace(name, command))
    })

  addLibvirtBmcs(lab)
}

async function up({ name, json, ...options }: Formatted & LabOptions): Promise<void> {
  const signal = interruption("what was begun is removed again")
  const { status, made } = await labUp(paths, name, options, {
    signal,
    hostNeeds: () => hostNeeds(paths, signal),
    cephImage: () => labImage("ceph", paths, signal),
  })
  if (json) return console.log(JSON.stringify(status, null, 2))
  printList(made, pc.green("+"), "The lab is whole: nothing to do.")
  printStatus(status)
  if (status.ceph) console.log(`\nFor the site: ${pc.bold(`cp -r ${status.ceph.config} ${inState.site(paths)}/`)}`)
  console.log(`\nNext: ${pc.bold(`bifrost-ts enroll ${status.hosts_csv}`)}`)
}

function foreground([command = "", ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: "inherit" })
    // Ctrl-C reaches the command from the terminal; this process then only waits for it.
    process.on("SIGINT", () => {})
    child.on("error", reject).on("exit", (code) => resolve(code ?? 1))
  })
}
