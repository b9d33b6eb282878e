import type { ImageDefinition, ImageUser } from "./definition.ts"

/**
 * The Dockerfile of a definition. `parent` is the reference of the image that `from` names, or of the bootstrapped root;
 * `runsAs` is the user that the container runs as, when that is not root.
 * Layers go from what changes rarely to what changes often: packages, files, user and commands.
 */
export function renderDockerfile(image: ImageDefinition, parent: string, runsAs?: string): string {
  const files = Object.entries(image.files ?? {})
  const users = [...(image.accounts ?? []), ...(image.user ? [image.user] : [])]
  const commands = [...users.flatMap(userLines), ...(image.run ?? [])]
  const packages = installLines(image)
  const asRoot = packages.length + files.length + commands.length > 0
  const blocks = [
    [`FROM ${parent}`],
    asRoot ? ["USER root"] : [],
    packages.length + commands.length > 0 ? ["ARG EPOCH"] : [],
    runLine(packages),
    files.map(([path, { mode }]) => `# in rootfs.tar: ${mode ?? "0644"} ${path}`).sort(),
    files.length > 0 ? ["ADD rootfs.tar /"] : [],
    runLine(commands),
    Object.entries(image.environment ?? {}).map(([key, value]) => `ENV ${key}=${JSON.stringify(value)}`),
    image.volumes?.length ? [`VOLUME ${JSON.stringify(image.volumes)}`] : [],
    image.health ? [`HEALTHCHECK --interval=30s --timeout=30s --start-period=5s --retries=3 CMD ${image.health}`] : [],
    image.entrypoint ? [`ENTRYPOINT ${JSON.stringify(image.entrypoint)}`] : [],
    image.command ? [`CMD ${JSON.stringify(image.command)}`] : [],
    runsAs ? [`USER ${runsAs}`] : [],
  ]
  return `${blocks.flat().join("\n")}\n`
}

function installLines({ packages = [], extract = {}, prune = [] }: ImageDefinition): string[] {
  const extracted = Object.entries(extract)
  if (packages.length === 0 && extracted.length === 0) return []
  return [
    "apt-get update -q --error-on=any",
    ...(packages.length > 0
      ? [`DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends ${[...packages].sort().join(" ")}`]
      : []),
    ...extracted.flatMap(([name, patterns]) => extractLines(name, patterns)),
    ...(prune.length > 0 ? [`rm -rf ${prune.join(" ")}`] : []),
    // Lists, caches and logs would differ with each build and are of no use in a container.
    `rm -rf ${leftovers.join(" ")}`,
  ]
}

const leftovers = [
  "/var/lib/apt/lists/*",
  "/var/cache/apt/*",
  "/var/cache/debconf/*-old",
  "/var/cache/ldconfig/aux-cache",
  "/var/lib/dpkg/*-old",
  "/var/log/*.log",
  "/var/log/apt",
]

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
  const kernel = "\\( -path /proc -o -path /sys -o -path /dev \\) -prune"
  const settle = `find / -xdev ${kernel} -o -newermt "@$began" -exec touch -hd "@\${EPOCH:-$began}" {} +`
  return [`RUN set -eu; began=$(date +%s); ${[...lines, settle].join("; \\\n    ")}`]
}
