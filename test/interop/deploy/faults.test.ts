import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { execIn } from "../../../src/deploy/engine.ts"
import type { DeployRequest, DeployResult } from "../../../src/deploy/run.ts"
import type { ServiceDefinition } from "../../../src/deploy/service.ts"
import { hostUp } from "../../../src/lab/host-container.ts"
import { systemClock as clock } from "../../../src/util/clock.ts"
import { docker } from "./container-host.ts"
import { begin, deploy, end, host, openstack, plan, signal, site } from "./keystone/world.ts"
import { services } from "./services.ts"
import { changes } from "./site.ts"

/** One site through one fault after the other: each deployment goes on where the one before it was stopped. */

const minutes = 60_000
beforeAll(() => begin("bifrost-faults"), 15 * minutes)
afterAll(end, 2 * minutes)

const onHost = (command: string) => site.host.exec(command)
/** What the server says to its own account, by its socket. */
async function sql(statements: string): Promise<string> {
  const command = ["mariadb", "--no-defaults", "--user=mysql", "--batch", "--skip-column-names"]
  const options = { user: "mysql", input: statements, signal: signal() }
  const { code, stdout, stderr } = await execIn(host.engine, "mariadb", command, options)
  expect([code, stderr]).toEqual([0, ""])
  return stdout.trim()
}
/** Until the host's engine, which was gone, answers. */
const engineBack = () =>
  expect.poll(() => host.engine.ping().then(() => true, String), { timeout: 60_000, interval: 200 }).toBe(true)
const tables = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'keystone'"
const failures = ({ failed }: DeployResult) => failed.map(({ step, code }) => `${step} ${code}`).toSorted()
const failure = (result: DeployResult, step: string) => result.failed.find((each) => each.step === `host1/${step}`)!

/** Deploys, and does something to the host as soon as a step begins to change it. */
async function deployWhile(step: string, disturb: () => Promise<unknown>, more: Partial<DeployRequest> = {}) {
  let disturbed: Promise<unknown> | undefined
  const result = await deploy({
    ...more,
    onEvent({ kind, data }) {
      if (kind === "run.step" && data["step"] === `host1/${step}` && data["phase"] === "apply") disturbed = disturb()
    },
  })
  expect(disturbed).toBeDefined()
  await disturbed
  return result
}

/** What people have put into the cloud before the fault, and find in it afterwards. */
const kept = () => openstack("project", "show", "kept", "-f", "value", "-c", "description")

describe("a first deployment", () => {
  it("says where an engine's disk is full", async () => {
    await onHost("mkdir -p /var/lib/docker/tmp && mount -t tmpfs -o size=64k tmpfs /var/lib/docker/tmp")
    const result = await deploy()
    await onHost("umount /var/lib/docker/tmp")
    expect(new Set(result.failed.map(({ code }) => code))).toEqual(new Set(["PULL_FAILED"]))
    const { message, remedy } = failure(result, "pull/mariadb")
    expect(message).toMatch(/^host1: an image could not be pulled: \S+\/mariadb@sha256:.*no space left on device/)
    expect(remedy).toContain("Make room on the host")
    expect(result.changed).toEqual(["host1/prepare"])
  })

  it("does all that does not depend on a full disk, a taken port and an image that is not there", async () => {
    const { lock } = site.request
    const absent = { ...lock.images["keystone"]!, digest: `sha256:${"0".repeat(64)}` }
    await onHost("mkdir -p /etc/kolla/rabbitmq && mount -t tmpfs -o size=4k tmpfs /etc/kolla/rabbitmq")
    const listen = `import socket, time; s = socket.create_server((\\"${site.host.address}\\", 11211)); time.sleep(999)`
    await onHost(`python3 -c "${listen}" > /dev/null 2>&1 & echo $! > /run/thief.pid`)
    const result = await deploy({ lock: { ...lock, images: { ...lock.images, keystone: absent } } })
    await onHost("umount /etc/kolla/rabbitmq; kill $(cat /run/thief.pid)")
    expect(failures(result)).toEqual([
      "host1/container/memcached CONTAINER_DIED",
      "host1/container/rabbitmq HOST_FILE_FAILED",
      "host1/pull/keystone PULL_FAILED",
    ])
    expect(failure(result, "pull/keystone").message).toContain("manifest unknown")
    expect(failure(result, "pull/keystone").remedy).toContain("bifrost-ts images push")
    expect(failure(result, "container/memcached").message).toMatch(/^host1: .*memcached\n.*Address already in use/s)
    expect(failure(result, "container/rabbitmq").message).toMatch(
      /^host1: .*\/etc\/kolla\/rabbitmq\/\S+: .*100% \/etc\/kolla\/rabbitmq/,
    )
    expect(failure(result, "container/rabbitmq").remedy).toContain("Is there room on the host's disk")
    expect(result.changed).toEqual(expect.arrayContaining(["host1/container/mariadb", "host1/database/keystone"]))
    expect(result.skipped.map(({ step }) => step)).toContain("host1/container/keystone")
  })

  it("goes on after the engine went away in the middle of a migration, which begins anew", async () => {
    const result = await deployWhile("task/bootstrap_keystone", async () => {
      await expect.poll(() => sql(tables).then(Number), { timeout: 60_000, interval: 50 }).toBeGreaterThan(3)
      // The migration too: it would go on until the engine that comes next ends it, and may be quicker.
      await onHost("kill -KILL $(cat /run/docker.pid) $(pgrep -f '[k]eystone-manage db_sync')")
    })
    expect(failures(result)).toContain("host1/task/bootstrap_keystone HOST_ENGINE_LOST")
    expect(failure(result, "task/bootstrap_keystone").message).toMatch(/^host1: the host's Docker Engine went away/)
    expect(failure(result, "task/bootstrap_keystone").remedy).toContain("Run the command again")
    await engineBack()
    const again = await deploy()
    expect(again.failed).toEqual([])
    expect(again.planned).toContainEqual(
      expect.objectContaining({
        target: "task bootstrap_keystone",
        reason: expect.stringMatching(/ended with exit [1-9]/),
      }),
    )
    expect(changes(await plan())).toEqual([])
    await openstack("project", "create", "kept", "--description", "safe")
  })
})

/** A change of one option, from the first test on that takes it. */
const debug = () => ({ site: { ...site.request.site, debug: true } })

describe("what is deployed", () => {
  it("is gone on with after the host went away in the middle", async () => {
    const container = docker.getContainer(`bifrost-faults-${process.pid}-host1`)
    const restart = async () => {
      await container.kill()
      await container.start()
    }
    const result = await deployWhile("container/keystone", restart, debug())
    expect(failures(result)).toEqual(["host1/container/keystone HOST_UNREACHABLE"])
    expect(failure(result, "container/keystone").message).toMatch(/^host1: the host does not answer over SSH: /)
    await hostUp(container, clock)
    await engineBack()
    expect((await deploy(debug())).failed).toEqual([])
    expect(changes(await plan(debug()))).toEqual([])
    expect(await kept()).toBe("safe")
  })

  it("is left alone when the database refuses what someone else needs", async () => {
    const app: ServiceDefinition = {
      ...{ name: "app", summary: "a database", group: "control", containers: [] },
      secrets: { app_database_password: "password" },
      databases: [{ name: "app", password: "app_database_password" }],
    }
    const more = { ...debug(), services: [...services, app] }
    await onHost("chmod a-w /var/lib/docker/volumes/mariadb/_data")
    const result = await deploy(more)
    await onHost("chmod u+w /var/lib/docker/volumes/mariadb/_data")
    expect(failures(result)).toEqual(["host1/database/app SQL_FAILED"])
    expect(failure(result, "database/app").message).toMatch(/^host1: .*Can't create database 'app'.*Permission denied/s)
    expect(failure(result, "database/app").remedy).toContain("the log of the container mariadb")
    expect(changes(await deploy(more))).toEqual(changes(result))
    expect(await kept()).toBe("safe")
  })

  it("keeps its data when a migration cannot go on, and says what people have to decide", async () => {
    const version = await sql("SELECT version_num FROM keystone.alembic_version")
    // Where a migration stopped in the middle of its script: tables are there that its version does not tell of.
    await sql("DELETE FROM keystone.alembic_version")
    // Even one that began with an empty database, when someone has run it by hand since.
    const byHand = host.engine.getContainer("bootstrap_keystone")
    await byHand.start()
    expect((await byHand.wait()).StatusCode).toBe(1)
    const result = await deploy(debug())
    expect(failures(result)).toEqual(["host1/task/bootstrap_keystone DATABASE_NOT_MIGRATED"])
    const { message, remedy } = failure(result, "task/bootstrap_keystone")
    expect(message).toMatch(/^host1: .*bootstrap_keystone \(exit 1\)\n.*already exists/s)
    expect(remedy).toMatch(/cut off half-way.*The data of keystone is untouched.*docs\/deploy\.md/)
    expect(await kept()).toBe("safe")
    for (const each of version.split("\n")) await sql(`INSERT INTO keystone.alembic_version VALUES ('${each}')`)
    const again = await deploy(debug())
    expect([again.failed, changes(again)]).toEqual([[], ["run task bootstrap_keystone"]])
    expect(changes(await plan(debug()))).toEqual([])
    expect(await kept()).toBe("safe")
  })
})
