import { expect, it } from "vitest"
import { changes } from "../site.ts"
import { deploy, engineAtFirst, engineProcess, host, site } from "./world.ts"

/** The end of it all; nothing comes after this. */
export function destroyed(): void {
  it("is destroyed without a trace when that is asked for; what others made stays", async () => {
    const Image = (await host.engine.getContainer("mariadb").inspect()).Config.Image
    const foreign = await host.engine.createContainer({ name: "foreign", Image })
    await site.host.exec("mkdir -p /etc/kolla/foreign && echo 192.0.2.9 printer >> /etc/hosts")
    const kept = await deploy({ verb: "destroy" })
    expect(kept.failed).toEqual([])
    expect((await host.engine.listContainers({ all: true })).map(({ Names }) => Names[0])).toEqual(["/foreign"])
    expect(await site.host.exec("ls /etc/kolla")).toBe("foreign\n")
    expect(await site.host.exec("cat /etc/hosts")).toMatch(/^(?!.*bifrost-ts).*192\.0\.2\.9 printer\n$/s)
    const volumes = async () => ((await host.engine.listVolumes()).Volumes ?? []).map(({ Name }) => Name)
    expect(await volumes()).toContain("mariadb")
    // As a container leaves it that mounted a share below its volume, for its host to see.
    const inside = "/var/lib/docker/volumes/mariadb/_data/share"
    await site.host.exec(`mkdir /srv/share ${inside} && touch /srv/share/kept && mount --bind /srv/share ${inside}`)
    expect(changes(await deploy({ verb: "destroy", includeData: true }))).toContain("remove volume mariadb")
    expect(await site.host.exec("ls /srv/share")).toBe("kept\n")
    expect(await volumes()).not.toContain("mariadb")
    expect((await deploy({ verb: "destroy", includeData: true })).planned).toEqual([])
    await foreign.remove()
  })

  it("has never had the engine restarted, by nothing that came before", async () => {
    expect(engineAtFirst).toMatch(/^ *\d+ .*\n$/)
    expect(await engineProcess()).toBe(engineAtFirst)
  })
}
