import { type Command, Option } from "commander"
import { type Side, sides } from "../deploy/entrance.ts"
import type { CertificateEntry } from "../deploy/tls/certificate.ts"
import { Client } from "./client.ts"
import { examples } from "./examples.ts"
import { table } from "./table.ts"

interface Flags {
  readonly renew?: boolean
  readonly side?: Side
  readonly authority?: boolean
  readonly json?: boolean
}

interface Answer {
  readonly certificates: readonly CertificateEntry[]
  readonly authority: string
}

const help = `
The site's own are made when they are first asked for, and anew by a deploy less than 30 days before they end or when the
address has changed. Your own: certificates/haproxy.pem (external) and certificates/haproxy-internal.pem in the site's folder.`

/** `bifrost-ts certificates`. */
export function registerCertificates(program: Command): void {
  program
    .command("certificates")
    .description("certificates of the virtual addresses: for what, by whom and until when; made where missing")
    .option("--renew", "make the site's own anew; the next deploy lays them down")
    .addOption(new Option("--side <side>", "renew this one only").choices([...sides]))
    .option("--authority", "print the certificate of the site's authority, for clients to trust")
    .option("--json", "print JSON")
    .addHelpText("after", help)
    .addHelpText(
      "after",
      examples(
        "certificates",
        "certificates --authority > site-ca.crt",
        "certificates --renew && bifrost-ts deploy --only loadbalancer",
      ),
    )
    .action(async ({ renew = false, side, authority = false, json }: Flags) => {
      const client = new Client()
      const answer = renew
        ? await client.post<Answer>("/v1/certificates/renew", side ? { sides: [side] } : {})
        : await client.get<Answer>("/v1/certificates")
      if (json) console.log(JSON.stringify(answer, null, 2))
      else console.log(authority ? answer.authority.trimEnd() : listed(answer.certificates))
    })
}

function listed(certificates: readonly CertificateEntry[]): string {
  if (certificates.length === 0) return "No address of the site is under HTTPS: see tls in bifrost.yaml."
  const rows = certificates.map(({ side, source, names, not_after, days_left, issuer }) => [
    side,
    source === "operator" ? "certificates/" : "site",
    names.join(" "),
    `${not_after.slice(0, 10)} (${days_left} days)`,
    issuer,
  ])
  const faults = certificates.flatMap(({ side, fault }) => (fault === null ? [] : [`warning ${side}: ${fault}`]))
  return [table(["SIDE", "FROM", "NAMES", "ENDS", "ISSUER"], rows), ...faults].join("\n")
}
