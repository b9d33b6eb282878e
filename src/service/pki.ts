// The X.509 library resolves its extensions by decorators, which need this polyfill.
import "reflect-metadata"
import { webcrypto } from "node:crypto"
import { isIP } from "node:net"
import * as x509 from "@peculiar/x509"
import type { Store } from "../store/port.ts"
import type { Clock } from "../util/clock.ts"
import { Secret } from "../util/secret.ts"

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
const usages: webcrypto.KeyUsage[] = ["sign", "verify"]
const dayMs = 24 * 3600 * 1000
const years = (count: number) => count * 365 * dayMs
/** Certificates begin a day ago: a machine whose clock lags behind must not refuse a certificate made a minute before. */
const backdate = dayMs

export interface Authority {
  /** PEM. Goes to every host as /etc/docker/certs.d/REGISTRY/ca.crt. */
  readonly certificate: string
  /** For names and addresses, the first of them the subject's; valid for two years unless told otherwise. */
  issue(names: readonly string[], days?: number): Promise<{ certificate: string; key: Secret }>
}

/** The site's certificate authority; made on first use, its key kept encrypted in the store. */
export async function siteAuthority(store: Store, clock: Clock): Promise<Authority> {
  const known = await store.settings.get("ca")
  const knownKey = await store.secrets.get("site", "ca_key")
  const { certificate, key } =
    known && knownKey ? await openAuthority(store, String(known["certificate"]), knownKey) : await create(store, clock)
  return {
    certificate: certificate.toString("pem"),
    async issue(names, days = 2 * 365) {
      const keys = await webcrypto.subtle.generateKey(algorithm, true, usages)
      const leaf = await x509.X509CertificateGenerator.create({
        issuer: certificate.subject,
        subject: `CN=${names[0] ?? "bifrost-ts"}`,
        notBefore: new Date(clock.now() - backdate),
        notAfter: new Date(clock.now() + days * dayMs),
        signingAlgorithm: algorithm,
        publicKey: keys.publicKey,
        signingKey: key,
        extensions: [
          new x509.BasicConstraintsExtension(false),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
          new x509.SubjectAlternativeNameExtension(
            names.map((value) => ({ type: isIP(value) ? ("ip" as const) : ("dns" as const), value })),
          ),
          // RFC 5280 §4.2.1.1: Python 3.13 and later refuse a certificate without it.
          await x509.AuthorityKeyIdentifierExtension.create(certificate.publicKey),
        ],
      })
      return { certificate: leaf.toString("pem"), key: await exportKey(keys.privateKey) }
    },
  }
}

async function openAuthority(store: Store, pem: string, knownKey: Secret) {
  const [certificate, key] = [new x509.X509Certificate(pem), await importKey(knownKey)]
  if (certificate.getExtension(x509.SubjectKeyIdentifierExtension)) return { certificate, key }
  // Made by an earlier version. The same key under the same name: what it has issued stays good.
  const keys = { privateKey: key, publicKey: await certificate.publicKey.export(algorithm, ["verify"]) }
  const renewed = await selfSigned(keys, { notBefore: certificate.notBefore, notAfter: certificate.notAfter })
  await store.settings.put("ca", { certificate: renewed.toString("pem") })
  return { certificate: renewed, key }
}

async function selfSigned(keys: webcrypto.CryptoKeyPair, valid: { notBefore: Date; notAfter: Date }) {
  return x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=bifrost-ts site authority",
    ...valid,
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      // RFC 5280 §4.2.1.2: an authority has one, and Python 3.13 insists.
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
}

async function create(store: Store, clock: Clock) {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, usages)
  const certificate = await selfSigned(keys, {
    notBefore: new Date(clock.now() - backdate),
    notAfter: new Date(clock.now() + years(10)),
  })
  await store.transaction(async (inside) => {
    await inside.secrets.put("site", "ca_key", await exportKey(keys.privateKey))
    await inside.settings.put("ca", { certificate: certificate.toString("pem") })
  })
  return { certificate, key: keys.privateKey }
}

async function exportKey(key: webcrypto.CryptoKey): Promise<Secret> {
  return new Secret(x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY"))
}

async function importKey(pem: Secret): Promise<webcrypto.CryptoKey> {
  const der = x509.PemConverter.decodeFirst(pem.reveal())
  return webcrypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"])
}
