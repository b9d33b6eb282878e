/** Kernel parameters, last one wins as in the kernel; a word without `=` has the value "". Quotes may hold spaces. */
export function parseCmdline(text: string): ReadonlyMap<string, string> {
  const words = text.match(/(?:[^\s"]|"[^"]*")+/g) ?? []
  return new Map(
    words.map((word) => {
      const plain = word.replaceAll('"', "")
      const at = plain.indexOf("=")
      return at < 0 ? [plain, ""] : [plain.slice(0, at), plain.slice(at + 1)]
    }),
  )
}

export interface AgentParameters {
  /** Without a trailing slash; undefined when absent. */
  readonly apiUrl: string | undefined
  /** Lower case with colons; what the machine booted from. */
  readonly bootMac: string | undefined
  readonly token: string | undefined
  readonly lookupTimeoutMs: number
}

/** IPA's default is 300 s. */
const LOOKUP_TIMEOUT_S = 300

export function agentParameters(cmdline: ReadonlyMap<string, string>): AgentParameters {
  const seconds = Number(cmdline.get("ipa-lookup-timeout") ?? LOOKUP_TIMEOUT_S)
  return {
    apiUrl: cmdline.get("ipa-api-url")?.replace(/\/+$/, "") || undefined,
    bootMac: macOfBootif(cmdline.get("BOOTIF")),
    token: cmdline.get("ipa-agent-token") || undefined,
    lookupTimeoutMs: (Number.isFinite(seconds) && seconds > 0 ? seconds : LOOKUP_TIMEOUT_S) * 1000,
  }
}

/** PXELINUX's `01-aa-bb-…` (ARP hardware type, then the address); a plain MAC is taken too. */
function macOfBootif(value: string | undefined): string | undefined {
  const mac = value?.toLowerCase().replace(/^[0-9a-f]{2}-(?=(?:[0-9a-f]{2}-){5})/, "")
  return mac && /^(?:[0-9a-f]{2}[-:]){5}[0-9a-f]{2}$/.test(mac) ? mac.replaceAll("-", ":") : undefined
}
