import type { FastifyInstance, FastifyReply, FastifyRequest, FastifyServerOptions } from "fastify"
import { autoexecScript } from "../../pxe/scripts.ts"
import { BifrostError, messageOf } from "../util/errors.ts"
import { inState } from "../util/paths.ts"
import { macOfAddress, recordSighting, type Sighting } from "./attribution.ts"
import { netbootErrors } from "./errors.ts"
import { sendFile } from "./file-reply.ts"
import { parseMac } from "./machines.ts"
import type { NetbootRoutesOptions } from "./options.ts"
import { architectures, type BootQuestion, firmwares } from "./policy.ts"
import { bootScript } from "./script.ts"

/**
 * What the Fastify instance must be made with that `netbootRoutes` is registered on: UEFI firmware and loaders join URLs
 * to `//boot/x`, and do not follow redirects.
 */
export const netbootServerOptions = {
  routerOptions: { ignoreDuplicateSlashes: true },
} as const satisfies FastifyServerOptions

/** A name that stands in the address several times has a list. */
type Query = Record<string, string | string[] | undefined>

/** GET and HEAD of `/boot.ipxe`, `/autoexec.ipxe`, `/boot/:file` and `/images/:file`, for the provisioning listener. */
export async function netbootRoutes(server: FastifyInstance, options: NetbootRoutesOptions): Promise<void> {
  const { policy, store, paths, clock, baseUrl, log = () => {} } = options
  const method = ["GET", "HEAD"]

  // Of these routes only: their clients are loaders, which print the status and at most the first line.
  server.setErrorHandler((error, _request, reply) => {
    if (error instanceof BifrostError) return reply.code(error.status).send(error.toJSON())
    log(`netboot: ${messageOf(error)}`)
    return reply.code(500).send({ message: messageOf(error) })
  })

  server.route({ method, url: "/boot.ipxe", handler: onScript })
  const autoexec = (_request: FastifyRequest, reply: FastifyReply) => sendScript(reply, autoexecScript(baseUrl))
  for (const url of ["/autoexec.ipxe", "/boot/autoexec.ipxe"]) server.route({ method, url, handler: autoexec })
  server.route({ method, url: "/boot/:file", handler: filesOf(inState.boot(paths), bootFileKind) })
  server.route({ method, url: "/images/:file", handler: filesOf(inState.images(paths), imageKind) })

  async function onScript(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const question = questionOf(request.query as Query)
    const answer = await policy.bootFor(question)
    const script = bootScript(question, answer, options)
    if (script === undefined) throw absent("a boot script for this machine")
    if (request.method === "GET") {
      const { mac, firmware, arch, uuid } = question
      const data = { boot: answer.boot, firmware, arch, uuid: uuid ?? null, address: request.ip }
      await recordSighting(store, { kind: "netboot.script", mac, data })
    }
    return sendScript(reply, script)
  }

  function filesOf(folder: string, kindOf: (file: string) => Sighting["kind"] | undefined) {
    return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const { file } = request.params as { file: string }
      // One name: folders below are not served, nor what a writer has not finished yet.
      if (/[/\\]|^\./.test(file)) throw absent(file)
      const started = clock.now()
      // Kept now: a connection that is gone has no address any more.
      const { ip } = request
      const sent = await sendFile(folder, file, request, reply)
      if (!sent) throw absent(file)
      const kind = kindOf(file)
      if (request.method === "GET" && kind) {
        reply.raw.once("close", () => {
          const data = { file, ...sent(), ms: clock.now() - started, address: ip }
          attribute(kind, ip, data).catch((error) => log(`netboot: ${kind} was not stored: ${messageOf(error)}`))
        })
      }
      return reply
    }
  }

  async function attribute(kind: Sighting["kind"], address: string, data: Sighting["data"]): Promise<void> {
    await recordSighting(store, { kind, mac: await macOfAddress(store, address, clock.now()), data })
  }
}

function bootFileKind(file: string): Sighting["kind"] {
  if (file === "vmlinuz") return "netboot.kernel"
  return file === "ramdisk.img" ? "netboot.ramdisk" : "netboot.loader"
}

function imageKind(file: string): Sighting["kind"] | undefined {
  return file.endsWith(".json") ? undefined : "netboot.image"
}

function questionOf(query: Query): BootQuestion {
  const one = (name: string) => [query[name] ?? ""].flat().join()
  const mac = parseMac(one("mac"))
  if (!mac) {
    throw new BifrostError(netbootErrors.NETBOOT_QUERY_INVALID, { detail: `mac=${one("mac").slice(0, 40)}` })
  }
  // iPXE's ${platform} says pcbios and efi.
  const platform = { pcbios: "bios", efi: "uefi" }[one("firmware")] ?? one("firmware")
  const uuid = one("uuid").toLowerCase()
  return {
    mac,
    firmware: firmwares.find((each) => each === platform) ?? "bios",
    arch: architectures.find((each) => each === one("arch")) ?? "x86_64",
    ...(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid) ? { uuid } : {}),
  }
}

function sendScript(reply: FastifyReply, script: string): FastifyReply {
  // The answer changes with the node's state, so nobody may keep it.
  return reply.header("cache-control", "no-store").type("text/plain; charset=utf-8").send(script)
}

function absent(detail: string): BifrostError {
  return new BifrostError(netbootErrors.NETBOOT_FILE_ABSENT, { detail })
}
