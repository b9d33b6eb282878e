import { expect, it } from "vitest"
import { execIn } from "../../../../src/deploy/engine.ts"
import { SecretBook } from "../../../../src/deploy/secret-book.ts"
import { systemClock as clock } from "../../../../src/util/clock.ts"
import { changes } from "../site.ts"
import { deploy, host, openstack, plan, signal, site } from "./world.ts"

/** Passwords that people rotate are those of the cloud after one deployment. */
export function rotated(): void {
  it("takes rotated passwords everywhere at once: the broker's, the database's, the administrator's", async () => {
    const book = new SecretBook(site.request.services, site.store.secrets, () => clock.now())
    const names = ["rabbitmq_password", "keystone_database_password", "keystone_admin_password"]
    for (const name of names) await book.rotate(name)
    const result = await deploy()
    expect(result.failed).toEqual([])
    expect(changes(result)).toContain("update database user keystone")
    expect(changes(await plan())).toEqual([])
    expect(await openstack("token", "issue", "-f", "value", "-c", "id")).toMatch(/^gAAAA/)
    const password = (await book.show("rabbitmq_password")).reveal()
    const ask = ["rabbitmqctl", "--quiet", "authenticate_user", "openstack", password]
    const answer = await execIn(host.engine, "rabbitmq", ask, { signal: signal() })
    expect(answer).toMatchObject({ code: 0, stdout: expect.stringContaining("Success") })
    for (const name of names) expect(JSON.stringify(result)).not.toContain((await book.show(name)).reveal())
  })
}
