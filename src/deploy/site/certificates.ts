import { securedSides } from "../entrance.ts"
import type { SiteConfig } from "../site.ts"
import { authorityFiles, certificateFault, certificateFiles } from "../tls/certificate.ts"
import { certificatesFolder, type SiteFolder } from "./files.ts"
import type { Finding } from "./finding.ts"

/** The operator's certificates: those that clients would refuse are errors, those that nothing uses are warned of. */
export function checkCertificates(given: SiteFolder["certificates"], site: SiteConfig, now: number): Finding[] {
  const finding = (path: string, fault: Pick<Finding, "what" | "expected" | "severity">): Finding => ({
    ...{ file: `${certificatesFolder}/${path}`, line: 1, column: 1 },
    ...fault,
  })
  const secured = securedSides(site)
  const authorities = givenAuthorities(given)
  const judged = secured.flatMap(({ side, names }) => {
    const path = certificateFiles[side]
    const text = given.get(path)
    const fault = text === undefined ? undefined : certificateFault(text, { names, authorities, now })
    return fault ? [finding(path, fault)] : []
  })
  const used = new Set(secured.map(({ side }) => certificateFiles[side]))
  const unused = [...given.keys()].filter((path) => !used.has(path) && !authorityFiles.test(path))
  return [...judged, ...unused.map((path) => finding(path, { ...whyUnused(path), severity: "warning" }))]
}

function whyUnused(path: string): Pick<Finding, "what" | "expected"> {
  const [side] = Object.entries(certificateFiles).find(([, file]) => file === path) ?? []
  if (side) return { what: "nothing uses this file", expected: `tls.${side}: true and ${side}_vip_address` }
  return { what: "nothing uses this file", expected: `${Object.values(certificateFiles).join(", ")} or ca/NAME.crt` }
}

/** PEM of all authorities that the operator gives. */
export const givenAuthorities = (given: SiteFolder["certificates"]): string =>
  [...given].flatMap(([path, text]) => (authorityFiles.test(path) ? [`${text.trim()}\n`] : [])).join("")
