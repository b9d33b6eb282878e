import { chmod, copyFile, cp, lstat, mkdir, readdir, readFile, symlink } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import type { RamdiskDefinition } from "../../../images/ramdisk/ramdisk.ts"
import { BifrostError } from "../../util/errors.ts"
import { run } from "../../util/run.ts"
import { buildErrors } from "../errors.ts"
import { chooseModules } from "./modules.ts"

const LIBRARIES = "usr/lib/x86_64-linux-gnu"
const LOADER = "ld-linux-x86-64.so.2"

type Contents = Pick<RamdiskDefinition, "programs" | "applets" | "modules">

/** Lays out a root for an initramfs: programs with their libraries, and kernel modules, from unpacked packages. */
export async function layOutTree(root: string, definition: Contents, tree: string) {
  await mkdir(join(tree, "usr/bin"), { recursive: true })
  await mkdir(join(tree, LIBRARIES), { recursive: true })
  for (const name of ["bin", "sbin"]) await symlink("usr/bin", join(tree, name))
  for (const name of ["lib", "lib64"]) await symlink("usr/lib", join(tree, name))
  await symlink("bin", join(tree, "usr/sbin"))
  for (const name of ["dev", "etc", "mnt", "proc", "root", "run", "sys", "tmp", "var"]) await mkdir(join(tree, name))
  await symlink("../run", join(tree, "var/run"))

  await installPrograms(root, definition, tree)
  await installModules(root, definition.modules, tree)
}

async function installPrograms(root: string, definition: Contents, tree: string): Promise<void> {
  for (const program of definition.programs) {
    const from = join(root, program)
    await copyFile(from, join(tree, "usr/bin", basename(program))).catch((cause: unknown) => {
      throw new BifrostError(buildErrors.RAMDISK_INCOMPLETE, { detail: program, cause })
    })
    await installLibraries(root, from, tree)
  }
  const present = new Set(await readdir(join(tree, "usr/bin")))
  for (const applet of definition.applets) {
    if (!present.has(applet)) await symlink("busybox", join(tree, "usr/bin", applet))
  }
}

export async function installNode(root: string, node: string, tree: string): Promise<void> {
  const to = join(tree, "usr/bin/node")
  await run("strip", ["--strip-all", "-o", to, node])
  await chmod(to, 0o755)
  await installLibraries(root, to, tree)
}

/** What the dynamic loader of the packages says the program needs; nothing for a static one. */
async function installLibraries(root: string, program: string, tree: string): Promise<void> {
  const loader = join(root, "usr/lib64", LOADER)
  const verified = await run(loader, ["--verify", program], { accept: [1, 2] })
  if (verified.code === 1) return
  const listed = await run(loader, ["--library-path", join(root, LIBRARIES), "--list", program])
  for (const line of listed.stdout.split("\n")) {
    const [, name, path] = /^\s*(\S+) => (\S+) \(/.exec(line) ?? []
    if (line.includes("=> not found")) {
      throw new BifrostError(buildErrors.RAMDISK_INCOMPLETE, { detail: `${program}: ${line.trim()}` })
    }
    if (!name || !path) continue
    const to = name.includes(LOADER) ? join(tree, "usr/lib", LOADER) : join(tree, LIBRARIES, name)
    if (!(await exists(to))) await copyFile(path, to)
  }
}

const exists = (path: string) =>
  lstat(path).then(
    () => true,
    () => false,
  )

/** The version of the one kernel in the root, e.g. "6.12.107+deb13-amd64". */
export async function kernelVersion(root: string): Promise<string> {
  const versions = await readdir(join(root, "usr/lib/modules"))
  if (versions.length !== 1) {
    throw new BifrostError(buildErrors.RAMDISK_INCOMPLETE, {
      detail: `kernels ${versions.join(", ")}`,
      expected: "exactly one",
    })
  }
  return versions[0]!
}

/**
 * Copies the chosen modules, decompressed: the whole ramdisk is compressed once, better than each module alone, and loading
 * then costs no xz in the early boot.
 */
async function installModules(root: string, wanted: readonly string[], tree: string): Promise<void> {
  const version = await kernelVersion(root)
  const from = join(root, "usr/lib/modules", version)
  const to = join(tree, "usr/lib/modules", version)
  await symlink("usr/lib", join(root, "lib")).catch(() => {})
  await run("depmod", ["--basedir", root, version])

  const list = (name: string) => readFile(join(from, name), "utf8")
  const lists = {
    dep: await list("modules.dep"),
    softdep: await list("modules.softdep"),
    builtin: await list("modules.builtin"),
  }
  const { paths, unknown } = chooseModules(lists, wanted)
  if (unknown.length > 0) {
    throw new BifrostError(buildErrors.RAMDISK_INCOMPLETE, { detail: `kernel ${version} has no ${unknown.join(", ")}` })
  }
  await mkdir(to, { recursive: true })
  for (const path of paths) await cp(join(from, path), join(to, path), { preserveTimestamps: true })
  for (const name of ["modules.builtin", "modules.builtin.modinfo", "modules.order"]) {
    await copyFile(join(from, name), join(to, name))
  }
  await installFirmware(
    root,
    paths.map((path) => join(from, path)),
    tree,
  )
  const compressed = paths.filter((path) => path.endsWith(".xz")).map((path) => join(to, path))
  if (compressed.length > 0) await run("xz", ["--decompress", ...compressed])
  await run("depmod", ["--basedir", tree, version])
}

/** The files that the modules say they may ask for, as far as the root's packages have them. */
async function installFirmware(root: string, modules: readonly string[], tree: string): Promise<void> {
  const { stdout } = await run("modinfo", ["--field", "firmware", ...modules])
  for (const file of new Set(stdout.split("\n").filter(Boolean))) {
    const [from, to] = [root, tree].map((base) => join(base, "usr/lib/firmware", file)) as [string, string]
    if (!(await exists(from))) continue
    await mkdir(dirname(to), { recursive: true })
    await copyFile(from, to)
  }
}
