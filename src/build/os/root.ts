import { globSync } from "node:fs"
import { chmod, chown, copyFile, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { OsDefinition } from "../../../images/os/definition.ts"
import type { Recipe } from "../cache.ts"
import { type DebianRoot, debianMirror, makeDebianRoot, type WorkOptions } from "../debian.ts"
import { inProject } from "../project.ts"

/**
 * The operating system's root filesystem, in `root/` of the entry; `extra` are shell commands for a variant, run at the end
 * with the root's path as `$1`. Files of one disk image (fstab, boot menu) come later.
 */
export function rootRecipe(os: OsDefinition, options: WorkOptions, extra: readonly string[] = []): Recipe {
  const files = inProject(os.files)
  const { suite, packages, exclude, include } = os
  const components = os.components === undefined ? {} : { components: os.components }
  const customize = [...customization(os), ...extra]
  const root: DebianRoot = { suite, ...components, packages, exclude, include, variant: "minbase", customize }
  return {
    kind: "root",
    name: os.name,
    inputs: { ...root, customize, files: { tree: files } },
    needs: 2e9,
    async build(dir) {
      const overlay = await mkdtemp(join(tmpdir(), "bifrost-overlay-"))
      try {
        await copyAsRoot(files, overlay)
        options.progress?.(`${os.name}: installing Debian packages`)
        const progress = (line: string) => options.progress?.(`${os.name}: ${line}`)
        await makeDebianRoot({ ...root, overlay }, join(dir, "root"), { ...options, progress })
        await forgetThisMachine(join(dir, "root"), os)
      } finally {
        await rm(overlay, { recursive: true, force: true })
      }
    },
  }
}

/** Shell commands at the end of the installation, with the root's path as `$1`. */
function customization(os: OsDefinition): string[] {
  const chroot = (command: string) => `chroot "$1" ${command}`
  return [
    chroot(`systemctl enable ${os.units.enable.join(" ")}`),
    chroot(`systemctl disable ${os.units.disable.join(" ")}`),
    chroot(`systemctl mask ${os.units.mask.join(" ")}`),
    ...os.units.late.map(startLate),
    `mkdir -p ${GENERATORS}`,
    ...os.units.noGenerators.map((name) => `ln -s /dev/null ${GENERATORS}/systemd-${name}-generator`),
    // SSH listens on every address: it need not wait for one. `sshd -t` before each start would start it twice.
    `sed -e 's/^After=.*/After=bifrost-config.service/' -e /^ExecStartPre=/d ${SHIPPED}/ssh.service > ${LOCAL}/ssh.service`,
    chroot("systemctl reenable ssh.service"),
    // While packages were installed, PATH lacked the image's own mkinitramfs.
    chroot("env PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin update-initramfs -u -k all"),
    // The installed system keeps leaving documentation out, but it must sync what it installs.
    'sed -i /unsafe-io/d "$1"/etc/dpkg/dpkg.cfg.d/99mmdebstrap',
  ]
}

const SHIPPED = '"$1"/usr/lib/systemd/system'
const LOCAL = '"$1"/etc/systemd/system'
const GENERATORS = '"$1"/etc/systemd/system-generators'

/**
 * Moves a unit behind the first boot's end. A drop-in cannot take back the unit's own `Before=`, nor where it is wanted: so a copy without
 * either stands in for it. Templates are copied all the same, but what wants their instances stays.
 */
function startLate(unit: string): string {
  const edit =
    "-e 's/^Before=.*/Before=shutdown.target/' -e 's/^After=/After=bifrost-first-boot.service /' -e 's/^WantedBy=sysinit.target/WantedBy=multi-user.target/'"
  const copy = `sed ${edit} ${SHIPPED}/${unit} > ${LOCAL}/${unit}`
  if (unit.includes("@") || unit === "systemd-logind.service") return copy
  return `${copy}; chroot "$1" systemctl reenable ${unit}`
}

/** Takes out what would make two machines alike, or tells of the machine that built this. */
async function forgetThisMachine(root: string, os: OsDefinition): Promise<void> {
  const generated = globSync(["etc/ssh/ssh_host_*", "etc/apt/sources.list", "var/log/*.log", "var/log/apt/*"], {
    cwd: root,
  })
  const stale = globSync(["var/cache/debconf/*-old", "var/lib/dpkg/*-old", "boot/*.old-dkms"], { cwd: root })
  for (const path of [...generated, ...stale]) await rm(join(root, path), { force: true })
  await writeFile(join(root, "etc/apt/sources.list.d/debian.sources"), debianSources(os, await debianMirror()))
  // Empty, so that systemd makes one at the first boot, and without the presets of a "first boot" in systemd's own sense.
  await writeFile(join(root, "etc/machine-id"), "")
  // All is new: without these, systemd makes caches of libraries, users and the journal's catalogue again at the first boot.
  for (const place of ["etc", "var"]) await writeFile(join(root, place, ".updated"), "")
  await rm(join(root, "etc/hostname"))
  await writeFile(join(root, "etc/hostname"), "localhost\n", { mode: 0o644 })
  await rm(join(root, "etc/resolv.conf"), { force: true })
  await symlink("../run/systemd/resolve/stub-resolv.conf", join(root, "etc/resolv.conf"))
}

/** Nodes get their updates from the archive that they were made from. */
export function debianSources({ suite, components = ["main"] }: OsDefinition, mirror: string): string {
  const source = (uri: string, suites: string) =>
    `Types: deb
URIs: ${uri}
Suites: ${suites}
Components: ${components.join(" ")}
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`
  return [source(mirror, `${suite} ${suite}-updates`), source(`${mirror}-security`, `${suite}-security`)].join("\n")
}

/** Copies a tree so that root owns it, with 0755 for directories and programs and 0644 for the rest, whatever umask and user. */
async function copyAsRoot(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name)
    const target = join(to, entry.name)
    if (entry.isDirectory()) {
      await mkdir(target, { recursive: true })
      await copyAsRoot(source, target)
      await chmod(target, 0o755)
    } else {
      await copyFile(source, target)
      await chmod(target, (await stat(source)).mode & 0o100 ? 0o755 : 0o644)
    }
    await chown(target, 0, 0)
  }
  await chmod(to, 0o755)
}
