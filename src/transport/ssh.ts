import { posix } from "node:path"
import type { Client, SFTPWrapper } from "ssh2"
import type { Clock } from "../util/clock.ts"
import { BifrostError, isCode, messageOf } from "../util/errors.ts"
import type { Secret } from "../util/secret.ts"
import { engineOver } from "./engine.ts"
import { transportErrors } from "./errors.ts"
import { LastingConnection } from "./lasting-connection.ts"
import type { ExecOptions, ExecResult, FileSeen, HostEndpoint, HostTransport, WriteOptions } from "./port.ts"
import { SessionGate } from "./session-gate.ts"
import { shellWords } from "./shell.ts"

/** Bounds what hangs: an emulated host that unpacks images answers late, and a lost one is noticed by the connection itself. */
const execTimeout = 180_000
const fileTimeout = 180_000
const tailLines = 12
/** Status codes of draft-ietf-secsh-filexfer-02 §7. */
const [noSuchFile, failure] = [2, 4]

export function sshTransport(host: HostEndpoint, privateKey: Secret, clock: Clock): HostTransport {
  const connection = new LastingConnection(host, privateKey)
  let sftpSession: Promise<SFTPWrapper> | undefined

  const sftp = (): Promise<SFTPWrapper> => {
    if (!sftpSession) {
      const forget = () => {
        if (sftpSession === opened) sftpSession = undefined
      }
      const opened = connection.client().then(
        (connected) =>
          new Promise<SFTPWrapper>((resolve, reject) =>
            connected.sftp((error, session) => {
              if (error) return reject(error)
              // With its connection, or alone.
              session.once("close", forget)
              resolve(session)
            }),
          ),
      )
      sftpSession = opened
      opened.catch(forget)
    }
    return sftpSession
  }
  const engine = engineOver(connection, host.name)
  const sessions = new SessionGate()

  /** Ends the wait when the signal aborts or the time is over; `what` goes into the error. */
  const bounded = async <T>(
    what: string,
    ms: number,
    signal: AbortSignal | undefined,
    work: Promise<T>,
  ): Promise<T> => {
    signal?.throwIfAborted()
    const { promise: ended, reject } = Promise.withResolvers<never>()
    const onAbort = () => reject(signal?.reason)
    signal?.addEventListener("abort", onAbort, { once: true })
    const detail = `${what}, after ${ms / 1000} s`
    const cancel = clock.after(ms, () =>
      reject(new BifrostError(transportErrors.HOST_TIMEOUT, { node: host.name, detail })),
    )
    try {
      return await Promise.race([work, ended])
    } finally {
      cancel()
      signal?.removeEventListener("abort", onAbort)
      work.catch(() => {})
    }
  }

  const exec = async (command: readonly string[], options: ExecOptions = {}): Promise<ExecResult> => {
    const words = shellWords(command)
    const work = sessions.pass(() =>
      connection.during(words, async () => {
        const connected = await connection.client()
        // Whoever was called off while it waited must not run after all.
        options.signal?.throwIfAborted()
        return runOver(connected, words, options.input)
      }),
    )
    const result = await bounded(words, options.timeoutMs ?? execTimeout, options.signal, work).catch((cause) => {
      if (options.signal?.aborted || cause instanceof BifrostError) throw cause
      const detail = `${words}: ${messageOf(cause)}`
      throw new BifrostError(transportErrors.HOST_COMMAND_FAILED, { node: host.name, detail, cause })
    })
    if (result.code === 0 || options.accept?.includes(result.code)) return result
    const tail = (result.stderr || result.stdout).trim().split("\n").slice(-tailLines).join("\n")
    const detail = `${words} (exit ${result.code})\n${tail}`
    throw new BifrostError(transportErrors.HOST_COMMAND_FAILED, { node: host.name, detail })
  }

  const onFile = async <T>(
    path: string,
    signal: AbortSignal | undefined,
    work: (session: SFTPWrapper) => Promise<T>,
  ) => {
    try {
      const onSession = () => sftp().then(work)
      return await bounded(path, fileTimeout, signal, connection.during(path, onSession))
    } catch (cause) {
      if (signal?.aborted || cause instanceof BifrostError) throw cause
      const detail = `${path}: ${messageOf(cause)}`
      throw new BifrostError(transportErrors.HOST_FILE_FAILED, { node: host.name, detail, cause })
    }
  }

  return {
    name: host.name,
    engine: engine.docker,
    exec,
    readFile: (path, signal) => onFile(path, signal, (session) => readOver(session, path)),
    list: (path, signal) =>
      onFile(path, signal, async (session) => {
        const names = await absentAs<string[]>([], (done) =>
          session.readdir(path, (error, list) =>
            done(
              error,
              list?.map(({ filename }) => filename),
            ),
          ),
        )
        return names.filter((name) => name !== "." && name !== "..").sort()
      }),
    async writeFile(path, content, options) {
      const folder = posix.dirname(path)
      await exec(["mkdir", "-p", folder], options)
      try {
        await onFile(path, options.signal, (session) => writeOver(session, path, Buffer.from(content), options))
      } catch (cause) {
        if (!isCode(cause, transportErrors.HOST_FILE_FAILED)) throw cause
        // All that SFTP says of a full disk is "Failure".
        const { stdout } = await exec(["df", "-Ph", folder], { accept: [1] })
        const detail = `${cause.detail}; df of its folder: ${stdout.trim().split("\n").at(-1)}`
        throw new BifrostError(transportErrors.HOST_FILE_FAILED, { node: host.name, detail, cause })
      }
    },
    removeFile: (path, signal) =>
      onFile(path, signal, (session) =>
        absentAs(undefined, (done) => session.unlink(path, (error) => done(error, undefined))),
      ),
    close() {
      engine.destroy()
      connection.close()
    },
  }
}

function runOver(client: Client, words: string, input: string | Uint8Array | undefined): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    client.exec(words, (error, channel) => {
      if (error) return reject(error)
      const output = { stdout: "", stderr: "" }
      channel.setEncoding("utf8").on("data", (chunk: string) => {
        output.stdout += chunk
      })
      channel.stderr.setEncoding("utf8").on("data", (chunk: string) => {
        output.stderr += chunk
      })
      channel.on("close", (code: number | null | undefined, killedBy?: string) => {
        if (code === undefined) return reject(new Error("it ended without a word"))
        if (code === null) output.stderr += `\nended by ${killedBy}`
        resolve({ code: code ?? 255, ...output })
      })
      channel.on("error", reject)
      channel.end(input === undefined ? undefined : Buffer.from(input))
    })
  })
}

async function readOver(session: SFTPWrapper, path: string): Promise<FileSeen | undefined> {
  const content = await absentAs<Buffer | undefined>(undefined, (done) => session.readFile(path, done))
  if (!content) return undefined
  const mode = await absentAs<number | undefined>(undefined, (done) =>
    session.stat(path, (error, stats) => done(error, stats?.mode)),
  )
  return mode === undefined ? undefined : { content, mode: mode & 0o7777 }
}

/** Beside the file, then over it: rename(2) is atomic within a directory. */
async function writeOver(session: SFTPWrapper, path: string, content: Buffer, options: WriteOptions): Promise<void> {
  const temporary = posix.join(posix.dirname(path), `.${posix.basename(path)}.new`)
  const step = (work: (done: (error?: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) => work((error) => (error ? reject(error) : resolve())))
  // A remnant of an earlier attempt may be open to others; the new file is never.
  await absentAs(undefined, (done) => session.unlink(temporary, (error) => done(error, undefined)))
  try {
    await step((done) => session.writeFile(temporary, content, { mode: 0o600 }, done))
    const { owner } = options
    if (owner) await step((done) => session.chown(temporary, owner.uid, owner.gid, done))
    await step((done) => session.chmod(temporary, options.mode, done))
  } catch (error) {
    // Half a file on a full disk is in everyone's way.
    await step((done) => session.unlink(temporary, done)).catch(() => {})
    throw error
  }
  try {
    await step((done) => session.ext_openssh_rename(temporary, path, done))
  } catch (error) {
    if (!hasCode(error, failure)) throw error
    // A file that is itself a mount, as /etc/hosts is in a container, can only be written in place.
    await step((done) => session.writeFile(path, content, done))
    await step((done) => session.unlink(temporary, done))
  }
}

const hasCode = (error: unknown, code: number) =>
  typeof error === "object" && error !== null && "code" in error && error.code === code

/** Runs an SFTP request; "no such file" is the value `absent`, not an error. */
function absentAs<T>(absent: T, work: (done: (error: unknown, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) =>
    work((error, value) => {
      if (!error) return resolve(value as T)
      if (hasCode(error, noSuchFile)) return resolve(absent)
      reject(error)
    }),
  )
}
