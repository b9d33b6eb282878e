import { execFileSync } from "node:child_process"
import { closeSync, openSync, readSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import type { WriteImageResult } from "../../../src/agent/protocol.ts"
import { buildConfigDrive } from "../../../src/configdrive/build.ts"
import { Secret } from "../../../src/util/secret.ts"
import { Images, MiB, sha } from "./images.ts"
import { command, FakeMachine, FakeService, UUID } from "./machine.ts"

const images = new Images()
let raw: Buffer
let configdrive: string
let service: FakeService
let machine: FakeMachine

beforeAll(async () => {
  raw = images.make("disk.raw", 96)
  configdrive = await buildConfigDrive({
    node: { uuid: UUID, name: "node-1" },
    hostname: "node-1",
    publicKeys: ["ssh-ed25519 AAAA operator"],
    firstBoot: { url: "http://127.0.0.1/v1/first-boot/x", token: new Secret("first-boot-token") },
  })
})
afterAll(() => images.remove())
beforeEach(async () => {
  service = await new FakeService().start()
  machine = new FakeMachine(service.url)
})
afterEach(async () => {
  await machine.remove()
  await service.stop()
})

/** Chosen by its serial: a disk below Ironic's 4 GiB is not chosen without a hint. */
const diskOf = (megabytes: number) => machine.disk("vda", megabytes * MiB, { serial: "DISK1" })
const bySerial = { serial: "DISK1" }

function imageInfo(name: string, content: Buffer, more: Record<string, unknown> = {}) {
  service.files.set(name, service.files.get(name) ?? { content })
  return {
    id: name,
    urls: [`${service.url}/images/${name}`],
    os_hash_algo: "sha256",
    os_hash_value: sha("sha256", content),
    ...more,
  }
}

function write(image: unknown, drive: string | null = configdrive, wait = true) {
  const step = { interface: "deploy", step: "write_image", args: { image_info: image, configdrive: drive } }
  const node = { uuid: UUID, properties: {}, instance_info: { root_device: bySerial }, driver_internal_info: {} }
  return command(service, "deploy.execute_deploy_step", { step, node, ports: [] }, { wait })
}

const slice = (path: string, at: number, length: number) => {
  const file = openSync(path, "r")
  const bytes = Buffer.alloc(length)
  readSync(file, bytes, 0, length, at)
  closeSync(file)
  return bytes
}

function expectWritten(disk: string, size: number) {
  // Everything but the table in the first MiB, and the old GPT copy at the image's end, is the image's own bytes.
  const body = raw.length - 33 * 512 - MiB
  expect(slice(disk, MiB, body).equals(raw.subarray(MiB, MiB + body))).toBe(true)
  expect(execFileSync("sgdisk", ["-v", disk], { encoding: "utf8" })).toContain("No problems found")
  const table = JSON.parse(execFileSync("sfdisk", ["--json", disk], { encoding: "utf8" })).partitiontable
  expect(table.partitions.map((each: { name: string }) => each.name)).toEqual(["root", "config-2"])
  const drive = table.partitions[1]
  expect(drive.size * 512).toBe(64 * MiB)
  expect((drive.start + drive.size) * 512).toBeLessThanOrEqual(size - 33 * 512)
  const blkid = execFileSync("blkid", ["-p", "-O", String(drive.start * 512), "-o", "export", disk], {
    encoding: "utf8",
  })
  expect(blkid).toContain("LABEL=config-2")
  expect(blkid).toContain("TYPE=iso9660")
}

const bootsNothing = (disk: string) => {
  const size = statSync(disk).size
  expect(slice(disk, 0, MiB).every((byte) => byte === 0)).toBe(true)
  expect(slice(disk, size - MiB, MiB).every((byte) => byte === 0)).toBe(true)
}

describe("write_image", () => {
  const formats: Record<string, () => { content: Buffer; more?: Record<string, unknown> }> = {
    "disk.raw": () => ({ content: raw }),
    "disk.raw.gz": () => ({ content: images.compress("gzip", ["-1"], "disk.raw") }),
    "disk.raw.zst": () => ({ content: images.compress("zstd", ["-q"], "disk.raw") }),
    "disk.raw.xz": () => ({ content: images.compress("xz", ["-0"], "disk.raw") }),
    "v3.qcow2": () => ({ content: images.convert("disk.raw", ["-O", "qcow2"]), more: { disk_format: "qcow2" } }),
    "zlib.qcow2": () => ({ content: images.convert("disk.raw", ["-O", "qcow2", "-c"]) }),
    "zstd.qcow2": () => ({ content: images.convert("disk.raw", ["-O", "qcow2", "-c", "-o", "compression_type=zstd"]) }),
    "v2-4k.qcow2": () => ({
      content: images.convert("disk.raw", ["-O", "qcow2", "-o", "compat=0.10,cluster_size=4096"]),
    }),
  }
  for (const [name, make] of Object.entries(formats)) {
    it(`writes ${name} over an old tenant's data`, async () => {
      const disk = diskOf(300)
      machine.start()
      const { content, more } = make()
      const { body } = await write(imageInfo(name, content, more))
      expect(body.command_error).toBeNull()
      const result = (body.command_result as { deploy_result: WriteImageResult }).deploy_result
      expect(result).toMatchObject({ device: "/dev/vda", transferred: content.length, virtual_size: raw.length })
      expectWritten(disk, 300 * MiB)
      expect(service.progress.at(-1)).toMatchObject({
        step: "write_image",
        done: content.length,
        total: content.length,
      })
    })
  }

  it("lets a real block device zero the holes", async () => {
    const backing = machine.disk("backing", 300 * MiB)
    rmSync(join(machine.root, "sys/block/backing"), { recursive: true })
    const loop = execFileSync("losetup", ["--find", "--show", backing], { encoding: "utf8" }).trim()
    try {
      machine.disk("vda", 300 * MiB, { serial: "DISK1", device: loop, zeroes: 1 })
      machine.start()
      const { body } = await write(imageInfo("disk.raw", raw))
      expect(body.command_error).toBeNull()
      const { skipped, written } = (body.command_result as { deploy_result: WriteImageResult }).deploy_result
      expect(skipped).toBeGreaterThan(60 * MiB)
      expect(written + skipped).toBeLessThanOrEqual(raw.length)
      expectWritten(loop, 300 * MiB)
    } finally {
      await machine.kill()
      execFileSync("partx", ["--delete", loop], { stdio: "ignore" })
      execFileSync("losetup", ["--detach", loop])
    }
  })

  it("goes on where broken connections ended, and transfers no byte twice", async () => {
    const disk = diskOf(300)
    service.files.set("disk.raw", { content: raw, cuts: [10 * MiB, 1, 7 * MiB + 3] })
    machine.start()
    const { body } = await write(imageInfo("disk.raw", raw))
    expect(body.command_status).toBe("SUCCEEDED")
    expectWritten(disk, 300 * MiB)
    const ranges = service.requests.filter((each) => each.path === "/images/disk.raw").map((each) => each.range)
    expect(ranges.filter((range) => range?.endsWith("-")).length).toBeGreaterThanOrEqual(2)
    expect((body.command_result as { deploy_result: WriteImageResult }).deploy_result.transferred).toBe(raw.length)
  })

  const broken: Record<string, { served: () => Buffer; claimed?: () => Buffer; type: string; status?: number }> = {
    "a 404": { served: () => raw, status: 404, type: "IMAGE_UNAVAILABLE" },
    "a wrong checksum": { served: () => raw, claimed: () => Buffer.from("other"), type: "CHECKSUM_MISMATCH" },
    "a truncated zstd file": { served: () => zst().subarray(0, zst().length - 1000), type: "IMAGE_BROKEN" },
    "a corrupted zstd file": { served: () => corrupted(zst()), type: "IMAGE_BROKEN" },
    "a truncated xz file": {
      served: () => images.compress("xz", ["-0"], "disk.raw").subarray(0, MiB),
      type: "IMAGE_BROKEN",
    },
    "a truncated qcow2 file": {
      served: () => images.convert("disk.raw", ["-O", "qcow2"]).subarray(0, 2 * MiB),
      type: "IMAGE_BROKEN",
    },
    "a VMDK": { served: () => Buffer.concat([Buffer.from("KDMV"), raw.subarray(4)]), type: "IMAGE_UNSUPPORTED" },
  }
  const zst = () => images.compress("zstd", ["-q"], "disk.raw")
  const corrupted = (content: Buffer) => {
    const middle = Math.floor(content.length / 2)
    content.fill(0xff, middle, middle + 64)
    return content
  }
  for (const [what, { served, claimed, type, status }] of Object.entries(broken)) {
    it(`fails on ${what} with the reason, and no disk that boots`, async () => {
      const disk = diskOf(300)
      machine.start()
      const content = served()
      service.files.set("image", { content, ...(status && { status }) })
      const { body } = await write(imageInfo("image", content, claimed && { os_hash_value: sha("sha256", claimed()) }))
      expect(body.command_status).toBe("FAILED")
      expect(body.command_error).toMatchObject({ type })
      // What was refused before the first byte leaves the disk as it was.
      const untouched = ["IMAGE_UNAVAILABLE", "IMAGE_UNSUPPORTED"].includes(type)
      if (untouched) expect(slice(disk, 0, MiB).every((byte) => byte === 0xa5)).toBe(true)
      else bootsNothing(disk)
    })
  }

  const other = sha("sha512", Buffer.from("other"))
  const checksums: Record<string, { right: () => object; wrong: () => object }> = {
    "a sha512": {
      right: () => ({ os_hash_algo: "sha512", os_hash_value: sha("sha512", raw) }),
      wrong: () => ({ os_hash_algo: "sha512", os_hash_value: other }),
    },
    "the address of a file with everyone's sha512": {
      right: () => sumsFile(`${other}  other.raw\n${sha("sha512", raw)} *disk.raw\n`),
      wrong: () => sumsFile(`${sha("sha512", raw)}  other.raw\n${other} *disk.raw\n`),
    },
  }
  const sumsFile = (text: string) => {
    service.files.set("SHA512SUMS", { content: Buffer.from(text) })
    return { os_hash_algo: undefined, os_hash_value: `${service.url}/images/SHA512SUMS` }
  }
  for (const [what, { right, wrong }] of Object.entries(checksums)) {
    it(`goes by ${what}`, async () => {
      const disk = diskOf(300)
      machine.start()
      const refused = await write(imageInfo("disk.raw", raw, { ...wrong() }))
      expect(refused.body.command_error).toMatchObject({ type: "CHECKSUM_MISMATCH" })
      expect(refused.body.command_error!.message).toContain(`sha512 ${sha("sha512", raw)} (expected `)
      bootsNothing(disk)
      const { body } = await write(imageInfo("disk.raw", raw, { ...right() }))
      expect(body.command_error).toBeNull()
      expectWritten(disk, 300 * MiB)
    })
  }

  it("refuses a larger image before the disk is touched when its size is known", async () => {
    const disk = diskOf(64)
    machine.start()
    for (const name of ["disk.raw", "v3.qcow2", "disk.raw.zst"]) {
      const content = formats[name]!().content
      const { body } = await write(imageInfo(name, content, name.endsWith("zst") ? { virtual_size: raw.length } : {}))
      expect(body.command_error).toMatchObject({ type: "IMAGE_TOO_LARGE" })
    }
    expect(slice(disk, 0, MiB).every((byte) => byte === 0xa5)).toBe(true)
  })

  it("notices while streaming that the image is larger, and leaves no disk that boots", async () => {
    const disk = diskOf(64)
    machine.start()
    const { body } = await write(imageInfo("disk.raw.gz", formats["disk.raw.gz"]!().content))
    expect(body.command_error).toMatchObject({ type: "IMAGE_TOO_LARGE" })
    bootsNothing(disk)
  })

  it("refuses md5 and lists the disks when no hint fits", async () => {
    diskOf(300)
    machine.start()
    const md5 = await write(imageInfo("disk.raw", raw, { os_hash_algo: "md5", os_hash_value: "0".repeat(32) }))
    expect(md5.body.command_error).toMatchObject({ type: "CHECKSUM_UNSUPPORTED" })
    const node = { uuid: UUID, properties: { root_device: { serial: "OTHER" } }, instance_info: {} }
    const step = { interface: "deploy", step: "write_image", args: { image_info: imageInfo("disk.raw", raw) } }
    const { body } = await command(service, "deploy.execute_deploy_step", { step, node, ports: [] })
    expect(body.command_error!.type).toBe("NO_DISK")
    expect(body.command_error!.message).toContain("DISK1")
  })

  it("ends well when the agent is killed while writing and started again", async () => {
    const disk = diskOf(300)
    const content = Buffer.from(raw)
    service.files.set("disk.raw", { content, cuts: [30 * MiB, 1, 1, 1, 1, 1, 1, 1] })
    machine.start()
    await write(imageInfo("disk.raw", raw), configdrive, false)
    await service.until(() => service.progress.some((each) => each.done >= 8 * MiB))
    await machine.kill()
    bootsNothing(disk)
    service.files.set("disk.raw", { content })
    service.heartbeats.length = 0
    machine.start()
    const { body } = await write(imageInfo("disk.raw", raw))
    expect(body.command_error).toBeNull()
    expectWritten(disk, 300 * MiB)
  })

  it("keeps its memory bounded whatever the image's size", async () => {
    diskOf(1100)
    const large = images.make("large.raw", 1024)
    const content = images.compress("zstd", ["-q", "-1"], "large.raw")
    machine.start(["--max-old-space-size=64"])
    const { body } = await write(imageInfo("large.raw.zst", content))
    expect(body.command_error).toBeNull()
    expect(machine.peakMemory()).toBeLessThan(300 * MiB)
    expect(large.length).toBe(1024 * MiB)
  })
})
