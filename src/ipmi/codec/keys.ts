import { createHmac } from "node:crypto"
import type { Protection } from "./session20.ts"
import type { CipherSuite } from "./suites.ts"

/** All that the two sides agreed on by RAKP message 2; the key exchange's codes are computed over it (IPMI 2.0 §13.31). */
export interface Exchange {
  readonly suite: CipherSuite
  readonly consoleId: number
  readonly bmcId: number
  /** 16 random bytes each. */
  readonly consoleRandom: Buffer
  readonly bmcRandom: Buffer
  readonly guid: Buffer
  /** Byte 24 of RAKP message 1: privilege, and bit 4 "look the user up by name only". */
  readonly role: number
  readonly username: string
}

function id(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function user({ role, username }: Exchange): Buffer {
  const name = Buffer.from(username, "latin1")
  return Buffer.concat([Buffer.from([role, name.length]), name])
}

function hmac(suite: CipherSuite, key: Buffer | string, ...parts: Buffer[]): Buffer {
  return createHmac(suite.hash, key).update(Buffer.concat(parts)).digest()
}

/** RAKP message 2's code: the BMC shows that it knows the password. */
export function rakp2Code(exchange: Exchange, password: string): Buffer {
  const { suite, consoleId, bmcId, consoleRandom, bmcRandom, guid } = exchange
  return hmac(suite, password, id(consoleId), id(bmcId), consoleRandom, bmcRandom, guid, user(exchange))
}

/** RAKP message 3's code: the console shows that it knows the password. */
export function rakp3Code(exchange: Exchange, password: string): Buffer {
  return hmac(exchange.suite, password, exchange.bmcRandom, id(exchange.consoleId), user(exchange))
}

/** The session integrity key (§13.31), with the user's password in the place of an unset BMC key K_G. */
export function sessionKey(exchange: Exchange, password: string): Buffer {
  return hmac(exchange.suite, password, exchange.consoleRandom, exchange.bmcRandom, user(exchange))
}

/** RAKP message 4's integrity check value. */
export function rakp4Code(exchange: Exchange, sik: Buffer): Buffer {
  const { suite, consoleRandom, bmcId, guid } = exchange
  return hmac(suite, sik, consoleRandom, id(bmcId), guid).subarray(0, suite.codeLength)
}

/** §13.32: K1 and K2 are HMACs of a constant of 20 bytes, for SHA-256 too: BMCs and ipmitool agree on that. */
export function protection(suite: CipherSuite, sik: Buffer): Protection {
  return { suite, k1: hmac(suite, sik, Buffer.alloc(20, 1)), k2: hmac(suite, sik, Buffer.alloc(20, 2)) }
}
