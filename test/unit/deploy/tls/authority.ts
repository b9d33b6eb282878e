import "reflect-metadata"
import { webcrypto } from "node:crypto"
import { isIP } from "node:net"
import * as x509 from "@peculiar/x509"

const day = 24 * 3600 * 1000
export const now = Date.UTC(2030, 0, 1)

const curve = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
const rsa = (modulusLength: number) => ({
  ...{ name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength },
  publicExponent: new Uint8Array([1, 0, 1]),
})

async function pemKey(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY")
}

interface Wish {
  readonly names?: readonly string[]
  readonly days?: number
  readonly from?: number
  readonly bits?: number
}

/** An authority such as an operator may have, and what it issues: certificate and key in PEM. */
export async function testAuthority(name: string) {
  const keys = await webcrypto.subtle.generateKey(curve, true, ["sign", "verify"])
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notBefore: new Date(now - 1000 * day),
    notAfter: new Date(now + 1000 * day),
    signingAlgorithm: curve,
    keys,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  })
  return {
    certificate: `${own.toString("pem")}\n`,
    async issue({ names = ["cloud.example.org"], days = 365, from = now - day, bits }: Wish = {}) {
      const algorithm = bits === undefined ? curve : rsa(bits)
      const leafKeys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])
      const leaf = await x509.X509CertificateGenerator.create({
        issuer: own.subject,
        subject: `CN=${names[0]}`,
        notBefore: new Date(from),
        notAfter: new Date(now + days * day),
        signingAlgorithm: curve,
        publicKey: leafKeys.publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new x509.SubjectAlternativeNameExtension(
            names.map((value) => ({ type: isIP(value) ? ("ip" as const) : ("dns" as const), value })),
          ),
        ],
      })
      return { certificate: `${leaf.toString("pem")}\n`, key: `${await pemKey(leafKeys)}\n` }
    },
  }
}
