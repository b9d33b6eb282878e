// The X.509 library resolves its extensions by decorators, which need this polyfill.
import "reflect-metadata"
import { webcrypto } from "node:crypto"
import * as x509 from "@peculiar/x509"
import type { Store } from "../store/port.ts"
import type { Clock } from "../util/clock.ts"
import { Secret } from "../util/secret.ts"

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
const usages: webcrypto.KeyUsage[] = ["sign", "verify"]
const year = 365 * 24 * 3600 * 1000
/** Certificates begin a day ago: a machine whose clock lags behind must not refuse a certificate made a minute before. */
const backdate = 24 * 3600 * 1000

export interface Authority {
  /** PEM. Goes to every host as /etc/docker/certs.d/REGISTRY/ca.crt. */
  readonly certificate: string
  issue(addresses: readonly string[]): Promise<{ certificate: string; key: Secret }>
}

/** The site's certificate authority; made on first use, its key kept encrypted in the store. */
export async function siteAuthority(store: Store, clock: Clock): Promise<Authority> {
  const known = await store.settings.get("ca")
  const knownKey = await store.secrets.get("site", "ca_key")
  const { certificate, key } =
    known && knownKey
      ? { certificate: new x509.X509Certificate(String(known["certificate"])), key: await importKey(knownKey) }
      : await createAuthority(store, clock)
  return {
    certificate: certificate.toString("pem"),
    async issue(addresses) {
      const keys = await webcrypto.subtle.generateKey(algorithm, true, usages)
      const leaf = await x509.X509CertificateGenerator.create({
        issuer: certificate.subject,
        subject: `CN=${addresses[0] ?? "bifrost-ts"}`,
        notBefore: new Date(clock.now() - backdate),
        notAfter: new Date(clock.now() + 2 * year),
        signingAlgorithm: algorithm,
        publicKey: keys.publicKey,
        signingKey: key,
        extensions: [
          new x509.BasicConstraintsExtension(false),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
          new x509.SubjectAlternativeNameExtension(addresses.map((value) => ({ type: "ip", value }))),
        ],
      })
      return { certificate: leaf.toString("pem"), key: await exportKey(keys.privateKey) }
    },
  }
}

async function createAuthority(store: Store, clock: Clock) {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, usages)
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=bifrost-ts site authority",
    notBefore: new Date(clock.now() - backdate),
    notAfter: new Date(clock.now() + 10 * year),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
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
