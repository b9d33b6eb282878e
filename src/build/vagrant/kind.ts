import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { debian13 } from "../../../images/os/debian-13/image.ts"
import { inState } from "../../util/paths.ts"
import { run } from "../../util/run.ts"
import { Cache } from "../cache.ts"
import type { Buildable, BuildContext } from "../kinds.ts"
import { makeDisk } from "../os/disk.ts"
import { loadersRecipe } from "../os/kind.ts"
import { rootRecipe } from "../os/root.ts"
import { inProject } from "../project.ts"
import { publishFile } from "../publish.ts"

const DISK_GB = 40

/** `STATE/images/debian-13.box` for vagrant-libvirt. */
export const vagrantBox: Buildable = {
  kind: "vagrant-box",
  summary: "Vagrant box (libvirt) of the Debian 13 image, with Vagrant's user and its well-known key",
  names: [debian13.name],
  async build(name, context) {
    const built = await obtainBox(context)
    const box = join(inState.images(context.paths), `${name}.box`)
    await publishFile(join(built.dir, `${name}.box`), box)
    const { size } = await stat(box)
    return { kind: "vagrant-box", name, hash: built.hash, cached: built.cached, size, outputs: [box] }
  },
}

/**
 * Vagrant's conventions for a base box: a user who may do all by sudo without a password, and the key pair that everyone
 * has. Vagrant replaces the key at the first `vagrant up`. The image for real machines has neither.
 */
function vagrantCommands(key: string): string {
  return [
    "useradd --create-home --shell /bin/bash --groups docker,sudo vagrant",
    "install -d -m 700 -o vagrant -g vagrant /home/vagrant/.ssh",
    `printf '%s\\n' '${key}' > /home/vagrant/.ssh/authorized_keys`,
    "chown vagrant:vagrant /home/vagrant/.ssh/authorized_keys",
    "chmod 600 /home/vagrant/.ssh/authorized_keys",
    "printf 'vagrant ALL=(ALL) NOPASSWD: ALL\\n' > /etc/sudoers.d/vagrant",
    "chmod 440 /etc/sudoers.d/vagrant",
  ].join("\n")
}

async function obtainBox(context: BuildContext) {
  const cache = new Cache(context.paths.cache)
  const key = (await readFile(inProject("images/os/vagrant/insecure.pub"), "utf8")).trim()
  const system = { ...debian13, name: `${debian13.name}-vagrant`, packages: [...debian13.packages, "sudo", "rsync"] }
  const rootOf = rootRecipe(system, context, [`chroot "$1" sh -euc "${vagrantCommands(key).replaceAll('"', '\\"')}"`])
  const loadersOf = loadersRecipe(system.suite, context)
  const { cmdline, slack } = system
  const vagrantfile = await readFile(inProject("images/os/vagrant/Vagrantfile"), "utf8")
  return cache.obtain(
    {
      kind: "vagrant-box",
      name: debian13.name,
      inputs: { root: rootOf.inputs, loaders: loadersOf.inputs, cmdline, slack, vagrantfile, disk: 1 },
      needs: 5e9,
      async build(dir) {
        const root = await cache.obtain(rootOf, context)
        const loaders = await cache.obtain(loadersOf, { ...context, refresh: false })
        const image = join(dir, "box.raw")
        context.progress("vagrant-box: writing the disk image")
        const roots = { root: join(root.dir, "root"), loaders: join(loaders.dir, "root") }
        await makeDisk({ ...roots, cmdline, slack, work: dir, image })
        context.progress("vagrant-box: packing")
        const box = join(dir, "box")
        await mkdir(box)
        await run("qemu-img", [
          "convert",
          "-c",
          "-O",
          "qcow2",
          "-o",
          "compression_type=zlib",
          image,
          join(box, "box.img"),
        ])
        await run("qemu-img", ["resize", "-q", join(box, "box.img"), `${DISK_GB}G`])
        await writeFile(join(box, "metadata.json"), boxMetadata())
        await writeFile(join(box, "Vagrantfile"), vagrantfile)
        const archive = join(dir, `${debian13.name}.box`)
        await run("tar", ["--create", "--file", archive, "--directory", box, "metadata.json", "Vagrantfile", "box.img"])
        await rm(box, { recursive: true })
        await rm(image)
      },
    },
    context,
  )
}

/** vagrant-libvirt's first version of the format: one disk, its size in GB. */
function boxMetadata(): string {
  return `${JSON.stringify({ provider: "libvirt", format: "qcow2", virtual_size: DISK_GB })}\n`
}
