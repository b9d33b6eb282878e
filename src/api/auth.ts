import { createHash, randomBytes, scrypt, timingSafeEqual } from "node:crypto"
import { promisify } from "node:util"
import type { FastifyInstance } from "fastify"
import type { Store } from "../store/port.ts"
import { BifrostError } from "../util/errors.ts"
import { Secret } from "../util/secret.ts"
import { apiErrors } from "./errors.ts"

export const API_USER = "admin"
const SETTING = "api_password"
const HASH_BYTES = 32
const derive = promisify<string, Buffer, number, Buffer>(scrypt)

/** Makes a new password for the API over TCP; only its scrypt hash is kept (RFC 7914, Node's cost of 2¹⁴). */
export async function newApiPassword(store: Store): Promise<Secret> {
  const password = new Secret(randomBytes(18).toString("base64url"))
  const salt = randomBytes(16)
  const hash = await derive(password.reveal(), salt, HASH_BYTES)
  await store.settings.put(SETTING, { salt: salt.toString("hex"), hash: hash.toString("hex") })
  return password
}

export async function hasApiPassword(store: Store): Promise<boolean> {
  return (await store.settings.get(SETTING)) !== undefined
}

/** Checks credentials against the stored hash; the last right ones are remembered by digest, as scrypt is slow by design. */
export function passwordCheck(store: Store): (user: string, password: string) => Promise<boolean> {
  let remembered = ""
  return async (user, password) => {
    const kept = await store.settings.get(SETTING)
    if (!kept || user !== API_USER) return false
    const digest = createHash("sha256").update(`${kept["hash"]}\0${password}`).digest("hex")
    if (digest === remembered) return true
    const hash = await derive(password, Buffer.from(String(kept["salt"]), "hex"), HASH_BYTES)
    const right = timingSafeEqual(hash, Buffer.from(String(kept["hash"]), "hex"))
    if (right) remembered = digest
    return right
  }
}

/** Asks for HTTP basic credentials (RFC 7617) on every path but `/`, where clients look for versions first. */
export function requireCredentials(
  app: FastifyInstance,
  check: (user: string, password: string) => Promise<boolean>,
): void {
  app.addHook("onRequest", async (request) => {
    if (request.url === "/") return
    const [scheme, encoded = ""] = (request.headers.authorization ?? "").split(" ")
    const [user, ...rest] = Buffer.from(encoded, "base64").toString("utf8").split(":")
    if (scheme?.toLowerCase() === "basic" && (await check(user ?? "", rest.join(":")))) return
    throw new BifrostError(apiErrors.NOT_AUTHENTICATED)
  })
}
