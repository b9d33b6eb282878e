import * as scripts from "../../pxe/scripts.ts"
import type { Clock } from "../util/clock.ts"
import { dashed } from "./machines.ts"
import type { BootAnswer, BootQuestion } from "./policy.ts"

export interface ScriptContext {
  readonly baseUrl: string
  readonly kernelParameters: readonly string[]
  readonly clock: Clock
}

/** Where a machine gets its script; the DHCP server tells it this address with what it knows already. */
export function scriptUrl(baseUrl: string, { mac, firmware, arch, uuid }: BootQuestion): string {
  const about = uuid === undefined ? "" : `&uuid=${uuid}`
  return `${baseUrl}/boot.ipxe?mac=${dashed(mac)}&firmware=${firmware}&arch=${arch}${about}`
}

/** The script for one answer, or undefined for machines that get nothing. */
export function bootScript(question: BootQuestion, answer: BootAnswer, context: ScriptContext): string | undefined {
  switch (answer.boot) {
    case "ramdisk":
      return ramdisk(question, context, `${plain(answer.node.name)} starts the deploy ramdisk`, [])
    case "discover": {
      const report = `ipa-inspection-callback-url=${context.baseUrl}/v1/continue_inspection`
      return ramdisk(question, context, `${question.mac} is not enrolled and will be inspected`, [report])
    }
    case "disk": {
      const title = `${plain(answer.node.name)} boots from its disk`
      return question.firmware === "bios" ? scripts.biosDiskScript(title) : scripts.uefiDiskScript(title)
    }
    case "ignore":
      return undefined
  }
}

function ramdisk(question: BootQuestion, context: ScriptContext, title: string, more: readonly string[]): string {
  const { baseUrl, kernelParameters, clock } = context
  const parameters = [
    `ipa-api-url=${baseUrl}`,
    `BOOTIF=01-${dashed(question.mac)}`,
    // A machine whose clock is years off could check no certificate.
    `bifrost-time=${Math.floor(clock.now() / 1000)}`,
    ...more,
    ...kernelParameters,
  ]
  return scripts.ramdiskScript({ title, baseUrl, self: scriptUrl(baseUrl, question), parameters })
}

/** A name as text of a script line: what iPXE could take for a setting, an operator or a new line becomes a dot. */
function plain(name: string): string {
  return name.replace(/[^\w. -]/g, ".")
}
