import { Writable } from "node:stream"
import { setTimeout as sleep } from "node:timers/promises"
import type Docker from "dockerode"
import { BifrostError } from "../../util/errors.ts"
import { demultiplexed } from "./engine.ts"
import { containerBuildErrors } from "./errors.ts"

/** A MariaDB whose data is in memory and gone with it. Nothing reaches it but what shares its network, which has no other end. */
export interface ScratchDatabase {
  /** The network of who is to reach it at 127.0.0.1. */
  readonly network: `container:${string}`
  /** SQLAlchemy's URL of a database. */
  url(database: string): string
  /** Makes an empty database, as a site's are made. */
  create(database: string): Promise<void>
  run(database: string, statements: string): Promise<string>
  /** Statements that make an empty database what this one is. */
  dump(database: string): Promise<string>
  stop(): Promise<void>
}

const account = { user: "scratch", password: "scratch" }
const readyMs = 60_000

/** Nobody but mysql needs to read it, and it need not outlive anything. */
const server = `mariadb-install-db --no-defaults --datadir=/scratch/data --skip-test-db --skip-name-resolve --skip-log-bin \
    --auth-root-authentication-method=socket --auth-root-socket-user=mysql > /dev/null
exec mariadbd --no-defaults --datadir=/scratch/data --bind-address=127.0.0.1 --character-set-server=utf8mb4 \
    --skip-name-resolve --performance-schema=OFF --innodb-flush-log-at-trx-commit=0`
const client = "--no-defaults --user=mysql"
/** No DROP: what is there already is no empty database, and stays. */
const dumper = `mariadb-dump ${client} --skip-comments --skip-add-drop-table --skip-add-locks --skip-lock-tables \
    --skip-disable-keys --no-tablespaces --hex-blob --default-character-set=utf8mb4`

/** @param image of MariaDB, as it is built here */
export async function startScratchDatabase(docker: Docker, image: string): Promise<ScratchDatabase> {
  const container = await docker.createContainer({
    Image: image,
    Entrypoint: ["/usr/bin/dumb-init", "--single-child", "--", "sh", "-c", server],
    Cmd: [],
    Healthcheck: { Test: ["NONE"] },
    HostConfig: { NetworkMode: "none", Tmpfs: { "/scratch": "mode=1777" } },
  })
  const stop = () => container.remove({ force: true, v: true }).catch(() => {})
  const inside = (script: string, input = "") => execute(docker, container, script, input)
  const run = (database: string, statements: string) => inside(`mariadb ${client} ${database}`, statements)
  try {
    await container.start()
    const until = Date.now() + readyMs
    while (!(await inside(`mariadb ${client} --execute='SELECT 1'`).catch(() => ""))) {
      if (Date.now() > until) {
        const log = demultiplexed(await container.logs({ stdout: true, stderr: true, tail: 10 }))
        throw new BifrostError(containerBuildErrors.SCRATCH_DATABASE, { detail: log.trim() })
      }
      await sleep(200)
    }
    const { user, password } = account
    await run("mysql", `CREATE USER ${user} IDENTIFIED BY '${password}'; GRANT ALL ON *.* TO ${user};`)
    return {
      network: `container:${container.id}`,
      url: (database) => `mysql+pymysql://${user}:${password}@127.0.0.1/${database}?charset=utf8`,
      create: async (database) => void (await run("mysql", `CREATE DATABASE ${database} CHARACTER SET utf8mb4;`)),
      run,
      dump: (database) => inside(`${dumper} ${database}`),
      stop: async () => void (await stop()),
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Runs a shell's command in a container, and gives its standard output. */
async function execute(docker: Docker, container: Docker.Container, script: string, input: string): Promise<string> {
  const options = { AttachStdin: true, AttachStdout: true, AttachStderr: true }
  const exec = await container.exec({ Cmd: ["sh", "-c", script], ...options })
  const stream = await exec.start({ hijack: true, stdin: true })
  const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
  const sink = (chunks: Buffer[]) =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(chunk)
        done()
      },
    })
  docker.modem.demuxStream(stream, sink(output.stdout), sink(output.stderr))
  await new Promise<void>((resolve, reject) => {
    stream.once("end", resolve).once("close", resolve).once("error", reject)
    stream.end(input)
  })
  const { ExitCode } = await exec.inspect()
  if (ExitCode === 0) return Buffer.concat(output.stdout).toString("utf8")
  const detail = Buffer.concat(output.stderr).toString("utf8").trim()
  throw new BifrostError(containerBuildErrors.SCRATCH_DATABASE, { detail })
}
