import { createHash, randomUUID } from "node:crypto"
import { expect, it } from "vitest"
import { execIn } from "../../../../src/deploy/engine.ts"
import { runJournal } from "../../../../src/deploy/journal.ts"
import { SecretBook } from "../../../../src/deploy/secret-book.ts"
import { systemClock as clock } from "../../../../src/util/clock.ts"
import { changes } from "../site.ts"
import { deploy, host, openstack, plan, signal, site } from "./world.ts"

const secretBook = () => new SecretBook(site.request.services, site.store, () => clock.now())

/** As the service does it: what was done is in the journal. */
async function recordedDeploy() {
  const { runs, journal } = site.store
  const id = randomUUID()
  const run = { id, kind: "deploy", status: "running", request: {}, result: null, ended_at: null } as const
  await runs.insert({ ...run, started_at: clock.now() })
  const result = await deploy({ journal: runJournal(journal, id) })
  await runs.update(id, { status: "succeeded", ended_at: clock.now() })
  return result
}

/** What encrypts credentials in the database: keystone notes each one's key by its hash. */
async function credentialKeyHash(): Promise<string> {
  const query = ["mariadb", "--no-defaults", "--batch", "--skip-column-names", "--execute"]
  const statement = "SELECT DISTINCT key_hash FROM keystone.credential"
  const { stdout, stderr } = await execIn(host.engine, "mariadb", [...query, statement], {
    signal: signal(),
    user: "mysql",
  })
  return stdout.trim() || stderr
}

/** Passwords and keys that people rotate are those of the cloud after one deployment. */
export function rotated(): void {
  const blob = "a second factor's seed"
  let credential: string
  /** Its fields; releases of the client differ in their names. */
  const kept = async () => Object.values(JSON.parse(await openstack("credential", "show", credential, "-f", "json")))

  it("takes rotated passwords everywhere at once: the broker's, the database's, the administrator's", async () => {
    credential = await openstack("credential", "create", "admin", blob, "-f", "value", "-c", "id")
    const book = secretBook()
    const names = ["rabbitmq_password", "keystone_database_password", "keystone_admin_password"]
    for (const name of [...names, "keystone_credential_keys"]) await book.rotate(name)
    const result = await recordedDeploy()
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

  it("keeps stored credentials through rotations of their keys, and lets no key retire that one still needs", async () => {
    const book = secretBook()
    const primary = async () => (await book.show("keystone_credential_key_2")).reveal()
    const hash = async () =>
      createHash("sha1")
        .update(await primary())
        .digest("hex")
    expect(await kept()).toContain(blob)
    expect(await credentialKeyHash()).toBe(await hash())
    await book.rotate("keystone_credential_keys")
    await expect(book.rotate("keystone_credential_keys")).rejects.toMatchObject({ code: "KEYS_IN_USE" })
    const result = await recordedDeploy()
    expect(changes(result)).toEqual(
      expect.arrayContaining(["recreate container keystone", "run task keystone_credential_migrate"]),
    )
    expect(await credentialKeyHash()).toBe(await hash())
    expect(await kept()).toContain(blob)
  })
}
