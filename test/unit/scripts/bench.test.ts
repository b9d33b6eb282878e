import type { ContainerInspectInfo } from "dockerode"
import { expect, it } from "vitest"
import { dockerRun } from "../../../scripts/bench/docker-run.ts"
import { type Figure, tableOf, verdictOf } from "../../../scripts/bench/figures.ts"

const figure = (samples: readonly number[], more: Partial<Figure> = {}): Figure => ({
  ...{ name: "no-op plan", unit: "s", limit: 3, samples, ...more },
})

it("judges a time by its shortest measurement and memory by its largest, and allows for the machine's noise", () => {
  expect(verdictOf(figure([4.1, 2.9, 3.5]))).toBe("kept")
  expect(verdictOf(figure([3.2]))).toBe("close")
  expect(verdictOf(figure([3.4]))).toBe("missed")
  expect(verdictOf(figure([90, 260], { unit: "MB", limit: 250 }))).toBe("close")
  expect(verdictOf({ name: "x", unit: "s", samples: [90] })).toBe("told")
})

it("prints each figure beside its limit", () => {
  const told: Figure = { name: "script", unit: "s", samples: [72] }
  expect(tableOf([told, figure([4.1, 2.9]), figure([300], { name: "memory", unit: "MB", limit: 250 })])).toEqual([
    "  FIGURE       VALUE     LIMIT  EACH TIME",
    "  script      72.0 s",
    "✔ no-op plan   2.9 s   ≤ 3.0 s  4.1 s  2.9 s",
    "✘ memory      300 MB  ≤ 250 MB",
  ])
})

it("writes down how a container was made, as a shell reads it", () => {
  const container = {
    Name: "/nova_compute",
    Config: { Image: "r:5000/bifrost/nova-compute@sha256:1", User: "root", Env: ["A=it's", "KOLLA_BOOTSTRAP="] },
    HostConfig: {
      NetworkMode: "host",
      Binds: ["/run:/run:shared"],
      RestartPolicy: { Name: "unless-stopped" },
      CapAdd: ["NET_ADMIN"],
      SecurityOpt: ["seccomp=unconfined"],
      MaskedPaths: [],
      IpcMode: "private",
      Devices: [{ PathOnHost: "/dev/net/tun" }],
      DeviceCgroupRules: ["a *:* rwm"],
      Ulimits: [{ Name: "nofile", Soft: 1, Hard: 2 }],
    },
  } as unknown as ContainerInspectInfo
  expect(dockerRun(container)).toBe(
    [
      "docker run --detach --name nova_compute --network host --user root --restart unless-stopped",
      `--env 'A=it'\\''s' --env KOLLA_BOOTSTRAP= --volume /run:/run:shared --cap-add NET_ADMIN`,
      "--security-opt seccomp=unconfined --security-opt systempaths=unconfined --device-cgroup-rule 'a *:* rwm'",
      "--device /dev/net/tun --ulimit nofile=1:2 --no-healthcheck r:5000/bifrost/nova-compute@sha256:1",
    ].join(" "),
  )
})
