/** Cipher suites (IPMI 2.0 Table 22-20) that this project speaks; 17 is SHA-256 throughout, 3 what every IPMI 2.0 BMC must have. */
export interface CipherSuite {
  readonly id: number
  /** Table 13-17. */
  readonly authentication: number
  /** Table 13-18. */
  readonly integrity: number
  /** Table 13-19: 1 is AES-CBC-128. */
  readonly confidentiality: number
  readonly hash: "sha1" | "sha256"
  /** Bytes of the key exchange's codes in RAKP 2 and 3. */
  readonly digestLength: number
  /** Bytes of RAKP 4's integrity check value and of every packet's AuthCode. */
  readonly codeLength: number
}

export const suites = {
  3: { id: 3, authentication: 1, integrity: 1, confidentiality: 1, hash: "sha1", digestLength: 20, codeLength: 12 },
  17: { id: 17, authentication: 3, integrity: 4, confidentiality: 1, hash: "sha256", digestLength: 32, codeLength: 16 },
} as const satisfies Record<number, CipherSuite>

export type SuiteId = keyof typeof suites

type Algorithms = Pick<CipherSuite, "authentication" | "integrity" | "confidentiality">

export function suiteWith(algorithms: Algorithms): CipherSuite | undefined {
  return Object.values(suites).find(
    (suite) =>
      suite.authentication === algorithms.authentication &&
      suite.integrity === algorithms.integrity &&
      suite.confidentiality === algorithms.confidentiality,
  )
}

/** Cipher suite records as Get Channel Cipher Suites returns them (§22.15.1, Table 22-18). */
export function encodeSuiteRecords(ids: readonly SuiteId[]): Buffer {
  const records = ids.map((id) => {
    const { authentication, integrity, confidentiality } = suites[id]
    return [0xc0, id, authentication, 0x40 | integrity, 0x80 | confidentiality]
  })
  return Buffer.from(records.flat())
}
