import { basename } from "node:path"
import type { Blueprint } from "./blueprint.ts"
import type { ImageUser } from "./definition.ts"
import type { BlockName } from "./overrides.ts"

/** Where the operator's patches lie in an image, which so says what was patched. */
export const patchFolder = "/usr/share/bifrost-ts/patches"

export const patchNames = (paths: readonly string[]) =>
  paths.map((path, index) => `${String(index).padStart(3, "0")}-${basename(path)}`)

/**
 * The Dockerfile of a blueprint. `parent` is the reference of the image that `from` names, or of the root; `runsAs` is the user
 * that the container runs as, when that is not root. Layers go from what changes rarely to what changes often: packages, files,
 * users and commands.
 */
export function renderDockerfile(image: Blueprint, parent: string, runsAs?: string): string {
  const files = [
    ...Object.entries(image.files ?? {}).map(([path, { mode = "0644" }]) => `${mode} ${path}`),
    ...image.written.map(({ path, mode }) => `${mode} ${path}`),
    ...patchNames(image.patches).map((name) => `0644 ${patchFolder}/${image.name}/${name}`),
  ]
  const packages = managers[image.manager].install(image)
  const patches = image.patches.length > 0 ? managers[image.manager].patch(image) : []
  const users = [...(image.accounts ?? []), ...(image.user ? [image.user] : [])]
  const commands = [...patches, ...users.flatMap(userLines), ...(image.run ?? [])]
  const asRoot = image.root || packages.length + files.length + commands.length > 0 || image.python
  const block = (name: BlockName) => image.blocks[name]?.trimEnd().split("\n") ?? []
  const blocks = [
    [`FROM ${parent}`],
    asRoot || Object.keys(image.blocks).length > 0 ? ["USER root"] : [],
    packages.length + commands.length > 0 ? ["ARG EPOCH"] : [],
    block("header"),
    runLine(packages),
    block("packages"),
    image.python ? [`# ${image.python.requirements.join(", ")}`, "ADD tree.tar /"] : [],
    files.map((file) => `# in rootfs.tar: ${file}`).sort(),
    files.length > 0 ? ["ADD rootfs.tar /"] : [],
    block("files"),
    runLine(commands),
    Object.entries(image.environment ?? {}).map(([key, value]) => `ENV ${key}=${JSON.stringify(value)}`),
    image.volumes?.length ? [`VOLUME ${JSON.stringify(image.volumes)}`] : [],
    image.health ? [`HEALTHCHECK --interval=30s --timeout=30s --start-period=5s --retries=3 CMD ${image.health}`] : [],
    image.entrypoint ? [`ENTRYPOINT ${JSON.stringify(image.entrypoint)}`] : [],
    image.command ? [`CMD ${JSON.stringify(image.command)}`] : [],
    block("footer"),
    runsAs ? [`USER ${runsAs}`] : [],
  ]
  return `${blocks.flat().join("\n")}\n`
}

/**
 * Lists, caches and logs would differ with each build and are of no use in a container. They are gone from the root already: to
 * remove what an earlier layer has leaves a mark with the time of the build.
 */
export const aptLeftovers = [
  // Not the lock and `partial` beside them, which mmdebstrap leaves in the root.
  "/var/lib/apt/lists/*_*",
  "/var/cache/apt/*",
  "/var/cache/debconf/*-old",
  "/var/cache/ldconfig/aux-cache",
  "/var/lib/dpkg/*-old",
  "/var/log/*.log",
  "/var/log/apt",
]

const apt = {
  begin: ["apt-get update -q --error-on=any"],
  install: "DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends",
  remove: "DEBIAN_FRONTEND=noninteractive apt-get purge -yq",
  leftovers: aptLeftovers,
}

const dnf: typeof apt = {
  begin: [],
  install: "dnf install -y --setopt=install_weak_deps=False --nodocs",
  remove: "dnf remove -y",
  leftovers: ["/var/cache/dnf", "/var/log/dnf*", "/var/log/hawkey.log", "/var/lib/dnf/history*"],
}

const managerOf = ({ begin, install, remove, leftovers }: typeof apt) => ({
  install: ({ packages = [], extract = {}, prune = [] }: Blueprint) => {
    const extracted = Object.entries(extract)
    if (packages.length === 0 && extracted.length === 0) return []
    return [
      ...begin,
      ...(packages.length > 0 ? [`${install} ${[...packages].sort().join(" ")}`] : []),
      ...extracted.flatMap(([name, patterns]) => extractLines(name, patterns)),
      ...(prune.length > 0 ? [`rm -rf ${prune.join(" ")}`] : []),
      `rm -rf ${leftovers.join(" ")}`,
    ]
  },
  patch: ({ name, patches }: Blueprint) => [
    ...begin,
    `${install} patch`,
    `for folder in ${moduleFolders.join(" ")}; do if [ -d "$folder" ]; then cd "$folder"; break; fi; done`,
    ...patchNames(patches).map((each) => `patch --batch --forward -p1 < ${patchFolder}/${name}/${each}`),
    // Compiled modules hold their source's time, which so has to be the one that it is going to have.
    `find . -name '*.py' -newermt "@$began" -exec touch -d "@\${EPOCH:-$began}" {} +`,
    "python3 -m compileall -q .",
    "cd /",
    `${remove} patch`,
    `rm -rf ${leftovers.join(" ")}`,
  ],
})

/** Of Python, the first that is there: an image with a virtual environment has the project's modules in that. */
const moduleFolders = [
  "/var/lib/kolla/venv/lib/python3*/site-packages",
  "/usr/lib/python3/dist-packages",
  "/usr/lib/python3*/site-packages",
]

const managers = { apt: managerOf(apt), dnf: managerOf(dnf) } as const

/** Takes files out of a package, and notes its version where a list of the image's packages can find it. */
function extractLines(name: string, patterns: readonly string[]): string[] {
  const quoted = patterns.map((pattern) => `'${pattern}'`).join(" ")
  return [
    `(cd /tmp && apt-get download -q -o APT::Sandbox::User=root ${name})`,
    `dpkg-deb --fsys-tarfile /tmp/${name}_*.deb | tar -x -C / --wildcards ${quoted}`,
    "mkdir -p /usr/share/bifrost-ts",
    `dpkg-deb --showformat '\${Package} \${Version}\\n' --show /tmp/${name}_*.deb >> /usr/share/bifrost-ts/extracted`,
    `rm /tmp/${name}_*.deb`,
  ]
}

function userLines(user: ImageUser): string[] {
  const groups = ["kolla", ...(user.groups ?? [])].join(",")
  return [
    // A package may have made the user already; its id must be ours all the same, since volumes outlive images.
    `(getent group ${user.name} || groupadd --gid ${user.id} ${user.name}) > /dev/null`,
    `groupmod --gid ${user.id} ${user.name}`,
    `(getent passwd ${user.name} > /dev/null || useradd --no-create-home --gid ${user.name} --home-dir ${user.home} ${user.name})`,
    `usermod --uid ${user.id} --home ${user.home} --shell /usr/sbin/nologin --append --groups ${groups} ${user.name}`,
    `install -d -o ${user.name} -g ${user.name} -m 0755 ${user.home}`,
  ]
}

/**
 * Ends by giving everything that the lines made the time EPOCH, so that a layer follows from its content alone. What a package
 * brought keeps its own, earlier time: compiled Python files hold their source's.
 */
function runLine(lines: readonly string[]): string[] {
  if (lines.length === 0) return []
  const skipped = `\\( ${engines.join(" -o ")} \\) -prune`
  const settle = `find / -xdev ${skipped} -o -newermt "@$began" -exec touch -hd "@\${EPOCH:-$began}" {} +`
  // A second earlier: some programs write times without fractions.
  return [`RUN set -eu; began=$(($(date +%s) - 1)); ${[...lines, settle].join("; \\\n    ")}`]
}

/** What the kernel and the engine put into a container that builds, as `find` sees it; to touch it would make it part of the layer. */
const engines = [
  ...["/proc", "/sys", "/dev", "/.dockerenv", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf"].map(
    (path) => `-path ${path}`,
  ),
  // A package may make this link anew, to another target: then it is part of the layer.
  "-path /etc/mtab -lname /proc/mounts",
]
