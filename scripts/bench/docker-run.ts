import type { ContainerInspectInfo, HostConfig } from "dockerode"

/** The `docker run` command that makes a container anew, but for its labels and its health check. */
export function dockerRun({ Name, Config, HostConfig: host }: ContainerInspectInfo): string {
  const each = (flag: string, values: readonly string[] | null | undefined) =>
    (values ?? []).flatMap((value) => [flag, value])
  const given = (flag: string, value: string | undefined) => (value ? [flag, value] : [])
  const unconfined = host.MaskedPaths?.length === 0 ? ["systempaths=unconfined"] : []
  const words = [
    ...["docker", "run", "--detach", "--name", Name.replace(/^\//, ""), "--network", host.NetworkMode ?? "host"],
    ...given("--user", Config.User),
    ...given("--pid", host.PidMode),
    ...given("--ipc", host.IpcMode === "private" ? "" : host.IpcMode),
    ...given("--cgroupns", (host as HostConfig & { CgroupnsMode?: string }).CgroupnsMode),
    ...given("--restart", host.RestartPolicy?.Name),
    ...each("--env", Config.Env),
    ...each("--volume", host.Binds),
    ...each("--cap-add", host.CapAdd),
    ...each("--security-opt", [...(host.SecurityOpt ?? []), ...unconfined]),
    ...each("--device-cgroup-rule", host.DeviceCgroupRules),
    ...each(
      "--device",
      (host.Devices as { PathOnHost: string }[] | null)?.map(({ PathOnHost }) => PathOnHost),
    ),
    ...each(
      "--ulimit",
      host.Ulimits?.map(({ Name: name, Soft, Hard }) => `${name}=${Soft}:${Hard}`),
    ),
    ...["--no-healthcheck", Config.Image],
  ]
  return words.map(quoted).join(" ")
}

const quoted = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
