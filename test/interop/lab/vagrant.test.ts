import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { run } from "../../../src/util/run.ts"

test.each([{ BIFROST_NODES: "1" }, { BIFROST_NODES: "3", BIFROST_FIRMWARE: "uefi", BIFROST_DRIVER: "qemu" }])(
  "vagrant takes the Vagrantfile: %j",
  async (settings) => {
    if (!existsSync("/usr/bin/vagrant")) {
      // Set-up installs it wherever the Debian release has it.
      expect((await run("apt-cache", ["madison", "vagrant"])).stdout).toBe("")
      return
    }
    const home = mkdtempSync(join(tmpdir(), "bifrost-vagrant-"))
    try {
      const env = { ...process.env, ...settings, VAGRANT_HOME: home, VAGRANT_DOTFILE_PATH: join(home, "machines") }
      const { stdout } = await run("vagrant", ["validate"], { env })
      expect(stdout).toContain("Vagrantfile validated successfully")
      const machines = await run("vagrant", ["status", "--machine-readable"], { env })
      const names = new Set(
        [...machines.stdout.matchAll(/^\d+,(node\d+|provisioner),state,not_created/gm)].map(([, n]) => n),
      )
      expect(names.size).toBe(Number(settings.BIFROST_NODES) + 1)
    } finally {
      rmSync(home, { recursive: true })
    }
  },
)
