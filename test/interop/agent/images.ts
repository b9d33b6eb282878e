import { execFileSync } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export const MiB = 1024 * 1024

/** A whole-disk image with GPT, data and holes, made and converted by sfdisk and qemu-img. */
export class Images {
  readonly directory = mkdtempSync(join(tmpdir(), "bifrost-images-"))

  /** Returns the raw image's bytes; `label` is sfdisk's: gpt or dos. */
  make(name: string, megabytes: number, label: "gpt" | "dos" = "gpt"): Buffer {
    const path = this.path(name)
    writeFileSync(path, "")
    execFileSync("truncate", ["-s", `${megabytes}M`, path])
    const partition = label === "gpt" ? "type=linux, name=root" : "type=83"
    execFileSync("sfdisk", ["-q", path], {
      input: `label: ${label}\nstart=2048, size=${(megabytes - 4) * 2048}, ${partition}\n`,
    })
    const file = openSync(path, "r+")
    // Data, a hole of many MiB, data that begins and ends within a unit, a hole of 4 KiB, data.
    for (const [at, length] of [
      [2 * MiB, 3 * MiB],
      [(megabytes / 2) * MiB + 777, 300_000],
      [(megabytes / 2) * MiB + 777 + 300_000 + 4096, 65_536],
      [(megabytes - 3) * MiB - 512, 512],
    ] as const) {
      writeSync(file, randomBytes(length), 0, length, at)
    }
    closeSync(file)
    return readFileSync(path)
  }

  convert(name: string, options: readonly string[]): Buffer {
    const output = this.path(`${name}.${options.length}.out`)
    execFileSync("qemu-img", ["convert", "-f", "raw", ...options, this.path(name), output])
    return readFileSync(output)
  }

  compress(program: string, args: readonly string[], name: string): Buffer {
    return execFileSync(program, [...args, "-c", this.path(name)], { maxBuffer: 1024 * MiB })
  }

  path(name: string): string {
    return join(this.directory, name)
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

export const sha = (algorithm: "sha256" | "sha512", content: Buffer) =>
  createHash(algorithm).update(content).digest("hex")
