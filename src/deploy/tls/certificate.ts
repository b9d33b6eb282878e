import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto"
import { isIP } from "node:net"
import { rootCertificates } from "node:tls"
import { messageOf } from "../../util/errors.ts"
import type { Secret } from "../../util/secret.ts"
import type { Side } from "../entrance.ts"

/** What HAProxy shows at one side's address: certificate, those between it and its authority, private key. */
export interface FrontCertificate {
  readonly pem: Secret
  /** PEM of the authority that clients have to be told of; none for a public one. */
  readonly authority: string | undefined
}
export type FrontCertificates = Partial<Readonly<Record<Side, FrontCertificate>>>

/** PEM of all whom clients of either side have to be told of; empty when public authorities vouch for all. */
export const authoritiesOf = (certificates: FrontCertificates): string =>
  [...new Set(Object.values(certificates).flatMap(({ authority }) => authority ?? []))].join("")

/** kolla-ansible's names in its certificates folder. */
export const certificateFiles: Readonly<Record<Side, string>> = {
  external: "haproxy.pem",
  internal: "haproxy-internal.pem",
}
export const authorityFiles = /^ca\/[^/]+\.(crt|pem)$/

export interface PemBundle {
  readonly certificates: readonly X509Certificate[]
  /** PEM of the private key. */
  readonly key: string | undefined
}

const certificateBlock = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g
const keyBlock = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]+?-----END [A-Z ]*PRIVATE KEY-----/

/** Throws what OpenSSL says of a block that is no certificate. */
export function readPem(text: string): PemBundle {
  return {
    certificates: (text.match(certificateBlock) ?? []).map((pem) => new X509Certificate(pem)),
    key: keyBlock.exec(text)?.[0],
  }
}

export interface CertificateFault {
  readonly what: string
  readonly expected: string
  readonly severity: "error" | "warning"
}

const error = (what: string, expected: string): CertificateFault => ({ what, expected, severity: "error" })

export const dayMs = 24 * 3600 * 1000
/** Ours are made anew this long before their end, others are warned of. */
export const renewalMs = 30 * dayMs

export interface JudgeOptions {
  /** What clients ask for, each: names or addresses. */
  readonly names: readonly string[]
  /** PEM of what the operator trusts besides the public authorities. */
  readonly authorities: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** Why clients would refuse a certificate, or soon will: the first reason, as the others often follow from it. */
export function certificateFault(
  text: string,
  { names, authorities, now }: JudgeOptions,
): CertificateFault | undefined {
  let bundle: PemBundle
  try {
    bundle = readPem(text)
  } catch (cause) {
    return error(`it cannot be read: ${messageOf(cause)}`, "certificates and a private key in PEM")
  }
  const { certificates, key } = bundle
  const [own] = certificates
  if (!own)
    return error("there is no certificate in it", "the certificate first, then its issuers, and its private key")
  return (
    keyFault(own, key) ??
    timeFault(own, now) ??
    nameFault(own, names) ??
    weakness(own.publicKey) ??
    issuerFault(certificates, authorities) ??
    ending(own, now)
  )
}

function keyFault(own: X509Certificate, pem: string | undefined): CertificateFault | undefined {
  if (pem === undefined)
    return error("there is no private key in it", "the key behind the certificate, in one file, as HAProxy reads it")
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch {
    return error("its private key cannot be read", "a key without a passphrase: openssl pkey -in KEY")
  }
  if (own.checkPrivateKey(key)) return undefined
  return error("its private key belongs to another certificate", `the key of ${subjectOf(own)}`)
}

function timeFault(own: X509Certificate, now: number): CertificateFault | undefined {
  const { validFromDate, validToDate } = own
  if (now >= validToDate.getTime())
    return error(`it expired on ${day(validToDate)}`, "a certificate that is valid today")
  if (now < validFromDate.getTime())
    return error(`it is valid from ${day(validFromDate)} on`, "one that is valid today")
  return undefined
}

/** By subject alternative names alone, as clients do (RFC 9525 §6.3). */
function nameFault(own: X509Certificate, names: readonly string[]): CertificateFault | undefined {
  const covered = (name: string) =>
    isIP(name) ? own.checkIP(name) !== undefined : own.checkHost(name, { subject: "never" }) !== undefined
  const missing = names.find((name) => !covered(name))
  if (missing === undefined) return undefined
  return error(
    `it is not for ${missing}, but for ${namesIn(own).join(", ") || "nothing"}`,
    `${missing} among its subject alternative names`,
  )
}

/** NIST SP 800-57: 112 bits of strength at least. */
function weakness({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): CertificateFault | undefined {
  const bits = details?.modulusLength
  if (bits === undefined || bits >= 2048) return undefined
  return error(
    `its ${type?.toUpperCase()} key of ${bits} bits is too weak`,
    "at least 2048 bits, or an elliptic curve such as P-256",
  )
}

/** Whether the certificates lead to an authority, each issued by the next. */
function issuerFault(certificates: readonly X509Certificate[], authorities: string): CertificateFault | undefined {
  const known = [...readPem(authorities).certificates, ...publicAuthorities()]
  const issues = (issuer: X509Certificate, of: X509Certificate) => of.checkIssued(issuer) && of.verify(issuer.publicKey)
  let last = certificates[0]!
  // As many steps as there are certificates: two that issued each other would lead round for ever.
  for (const _ of certificates) {
    if (known.some((authority) => authority.fingerprint256 === last.fingerprint256 || issues(authority, last)))
      return undefined
    last = certificates.find((each) => each.fingerprint256 !== last.fingerprint256 && issues(each, last)) ?? last
  }
  const by = last.subject === last.issuer ? "itself" : oneLine(last.issuer)
  return error(
    `nobody vouches for it: ${subjectOf(last)} is issued by ${by}, which is no public authority`,
    "that authority's certificate in certificates/ca/, and those between in the file",
  )
}

function ending(own: X509Certificate, now: number): CertificateFault | undefined {
  const left = own.validToDate.getTime() - now
  if (left >= renewalMs) return undefined
  const what = `it expires on ${day(own.validToDate)}, in ${Math.floor(left / dayMs)} days`
  return { what, expected: "a new one before that", severity: "warning" }
}

let known: readonly X509Certificate[] | undefined
function publicAuthorities(): readonly X509Certificate[] {
  known ??= rootCertificates.map((pem) => new X509Certificate(pem))
  return known
}

/** `DNS:cloud.example.org, IP Address:192.0.2.1` as plain names. */
export const namesIn = ({ subjectAltName }: X509Certificate): string[] =>
  (subjectAltName ?? "").split(", ").flatMap((name) => /^(?:DNS|IP Address):"?([^"]+)"?$/.exec(name)?.[1] ?? [])

export const day = (date: Date) => date.toISOString().slice(0, 10)
export const oneLine = (name: string) => name.replaceAll("\n", ", ")
const subjectOf = ({ subject }: X509Certificate) => (subject ? oneLine(subject) : "it")

/** A certificate as it is shown to people. */
export interface CertificateEntry {
  readonly side: Side
  /** `operator`: a file of the site's folder; `site`: made here. */
  readonly source: "operator" | "site"
  readonly names: readonly string[]
  readonly issuer: string
  readonly not_after: string
  readonly days_left: number
  /** SHA-256 of the certificate. */
  readonly fingerprint: string
  /** What clients would object to, or soon will. */
  readonly fault: string | null
}
