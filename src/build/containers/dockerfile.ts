import type { ImageDefinition } from "./definition.ts"

/**
 * The Dockerfile of a definition. `parent` is the reference of the image that `from` names, or of the bootstrapped root.
 * Layers go from what changes rarely to what changes often: packages, user, files, commands.
 */
export function renderDockerfile(image: ImageDefinition, parent: string): string {
  const blocks = [
    [`FROM ${parent}`],
    image.packages?.length || image.user || image.run || image.files ? ["USER root"] : [],
    image.packages?.length ? [runLine(installLines(image.packages, image.prune ?? []))] : [],
    image.user ? [runLine(userLines(image.user))] : [],
    Object.entries(image.files ?? {}).map(([path, file]) => `COPY ${contextPath(file.source)} ${path}`),
    runBlock(image),
    Object.entries(image.environment ?? {}).map(([key, value]) => `ENV ${key}=${JSON.stringify(value)}`),
    image.volumes?.length ? [`VOLUME ${JSON.stringify(image.volumes)}`] : [],
    image.health ? [`HEALTHCHECK --interval=30s --timeout=30s --start-period=5s --retries=3 CMD ${image.health}`] : [],
    image.entrypoint ? [`ENTRYPOINT ${JSON.stringify(image.entrypoint)}`] : [],
    image.command ? [`CMD ${JSON.stringify(image.command)}`] : [],
    image.user ? [`USER ${image.user.name}`] : [],
  ]
  return `${blocks.flat().join("\n")}\n`
}

/** Where a file of the image's folder lies in the build context. */
export const contextPath = (source: string) => `files/${source}`

function runBlock(image: ImageDefinition): string[] {
  const modes = Object.entries(image.files ?? {}).flatMap(([path, { mode }]) => (mode ? [`chmod ${mode} ${path}`] : []))
  const lines = [...modes, ...(image.run ?? [])]
  return lines.length > 0 ? [runLine(lines)] : []
}

function installLines(packages: readonly string[], prune: readonly string[]): string[] {
  return [
    "apt-get update -q",
    `DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends ${[...packages].sort().join(" ")}`,
    ...(prune.length > 0 ? [`rm -rf ${prune.join(" ")}`] : []),
    // Lists, caches and logs would differ with each build and are of no use in a container.
    "rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/lib/dpkg/*-old /var/log/*.log /var/log/apt",
  ]
}

function userLines(user: NonNullable<ImageDefinition["user"]>): string[] {
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

function runLine(lines: readonly string[]): string {
  return `RUN set -eu; ${lines.join("; \\\n    ")}`
}
