import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { ContainerInspectInfo } from "dockerode"
import { services } from "../../services/index.ts"
import { defaultSite } from "../../src/deploy/site.ts"
import { inState } from "../../src/util/paths.ts"
import { run } from "../../src/util/run.ts"
import { engineSocket, hostEngine, hostName } from "../journey/host.ts"
import type { Journey } from "../journey/run.ts"
import { succeeded } from "./command.ts"
import { dockerRun } from "./docker-run.ts"

const own = new URL(".", import.meta.url).pathname

/** The yardstick: what the tool has laid down, laid down by bare.sh. Gathered while the cloud is there. */
export class BareCloud {
  readonly #journey: Journey
  readonly #files: string

  constructor(journey: Journey) {
    this.#journey = journey
    this.#files = join(journey.state, "bare")
  }

  /** Commands, configuration, passwords: all that bare.sh needs besides the images. Says whether it loads dumps. */
  async gather(): Promise<{ readonly dumps: boolean }> {
    const files = this.#files
    for (const name of ["run", "schemas"]) mkdirSync(join(files, name), { recursive: true })
    for (const name of ["bare.sh", "catalog.py"]) cpSync(join(own, name), join(files, name))
    await this.#tool("genconfig", "--reveal-secrets", "--output", join(files, "config"))
    for (const container of await this.#containers())
      writeFileSync(join(files, "run", container.Name.slice(1)), `${dockerRun(container)}\n`)
    await this.#writeDatabases()
    await this.#writeCatalog()
    return { dumps: this.#writeSchemas() }
  }

  /** Configuration to the host, in place of what is in /etc/kolla there. */
  async send(): Promise<void> {
    const archive = join(this.#journey.state, "bare.tar")
    await run("tar", ["-C", join(this.#files, "config", hostName), "-cf", archive, "."])
    const unpack = "rm -rf /etc/kolla && mkdir -m 0700 /etc/kolla && tar -C /etc/kolla -xf -"
    const login = ["lab", "ssh", "--name", this.#journey.lab, hostName, unpack]
    const env = { ...process.env, BIFROST_STATE: this.#journey.state }
    await run("sh", ["-c", 'archive=$1; shift; exec bin/bifrost-ts "$@" < "$archive"', "sh", archive, ...login], {
      env,
    })
  }

  /** Runs to its end, inside the lab's network. */
  async start(): Promise<void> {
    const work = join(this.#journey.state, "bare-run")
    rmSync(work, { recursive: true, force: true })
    cpSync(this.#files, work, { recursive: true })
    const engine = `DOCKER_HOST=unix://${await engineSocket(this.#journey)}`
    succeeded("bare.sh", await this.#journey.exec("env", engine, "bash", join(work, "bare.sh")))
  }

  async #containers(): Promise<ContainerInspectInfo[]> {
    const engine = await hostEngine(this.#journey)
    const all = await engine.listContainers({ all: true })
    return Promise.all(all.map(({ Id }) => engine.getContainer(Id).inspect()))
  }

  async #writeDatabases(): Promise<void> {
    const all = services.flatMap(({ databases = [] }) => databases)
    const statements = all.map(async ({ name, user = name, password }) => {
      const secret = await this.#secret(password)
      return `CREATE DATABASE ${name} CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS ${user}@'%' IDENTIFIED BY '${secret}';
GRANT ALL PRIVILEGES ON ${name}.* TO ${user}@'%';
`
    })
    this.#write("databases.sql", (await Promise.all(statements)).join(""))
  }

  async #writeCatalog(): Promise<void> {
    const { endpoints } = await this.#json<{ endpoints: Record<string, string> }>("plan")
    const address = new URL(endpoints["keystone"]!).hostname
    const account = async (user: { readonly name: string; readonly password: string }) => ({
      name: user.name,
      password: await this.#secret(user.password),
    })
    const catalog = {
      keystone: endpoints["keystone"],
      password: await this.#secret("keystone_admin_password"),
      region: defaultSite.region,
      roles: ["service", ...services.flatMap(({ roles = [] }) => roles)],
      users: await Promise.all(services.flatMap(({ user }) => (user ? [account(user)] : []))),
      domains: await Promise.all(
        services.flatMap(({ domain }) =>
          domain ? [account(domain.admin).then((admin) => ({ name: domain.name, admin }))] : [],
        ),
      ),
      services: services
        .flatMap(({ catalog: entries = [] }) => entries)
        .map(({ type, name, port, path = "" }) => ({ type, name, url: `http://${address}:${port}${path}` })),
    }
    this.#write("catalog.json", JSON.stringify(catalog))
  }

  #writeSchemas(): boolean {
    const paths = { state: this.#journey.state, cache: "" }
    const { images } = JSON.parse(readFileSync(inState.imagesLock(paths), "utf8")) as {
      images: Record<string, { digest: string }>
    }
    const dumps = Object.values(images)
      .map(({ digest }) => join(inState.schemas(paths), `${digest}.json`))
      .filter((file) => existsSync(file))
    for (const file of dumps) {
      const { databases } = JSON.parse(readFileSync(file, "utf8")) as { databases: Record<string, string> }
      for (const [name, statements] of Object.entries(databases))
        this.#write(join("schemas", `${name}.sql`), statements)
    }
    return dumps.length > 0
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.#files, name), text, { mode: 0o600 })
  }

  async #secret(name: string): Promise<string> {
    return (await this.#tool("secrets", "show", "--reveal", name)).stdout.trim()
  }

  async #json<T>(...args: string[]): Promise<T> {
    return JSON.parse((await this.#tool(...args, "--json")).stdout)
  }

  async #tool(...args: string[]) {
    return succeeded(args.join(" "), await this.#journey.bifrost(args))
  }
}
