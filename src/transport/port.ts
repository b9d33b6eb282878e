import type Docker from "dockerode"

export interface ExecOptions {
  readonly input?: string | Uint8Array
  /** Exit codes besides 0 that are results, not failures. */
  readonly accept?: readonly number[]
  readonly signal?: AbortSignal
  /** Default 180 s. */
  readonly timeoutMs?: number
}

export interface ExecResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface FileSeen {
  readonly content: Buffer
  /** Permission bits, e.g. 0o600. */
  readonly mode: number
}

/** One host, over one connection that is made on first use and made again after it broke. */
export interface HostTransport {
  readonly name: string
  /** The host's Docker Engine, through the same connection. */
  readonly engine: Docker
  /** Runs a program with these arguments; nothing is expanded. Rejects with HOST_COMMAND_FAILED. */
  exec(command: readonly string[], options?: ExecOptions): Promise<ExecResult>
  /** undefined when there is no such file. */
  readFile(path: string, signal?: AbortSignal): Promise<FileSeen | undefined>
  /** Names in a directory, sorted; none when it does not exist. */
  list(path: string, signal?: AbortSignal): Promise<string[]>
  /** Atomic: a reader sees the old content or the new. Makes parent directories (0755). */
  writeFile(path: string, content: string | Uint8Array, options: WriteOptions): Promise<void>
  removeFile(path: string, signal?: AbortSignal): Promise<void>
  close(): void
}

export interface WriteOptions {
  readonly mode: number
  readonly owner?: { readonly uid: number; readonly gid: number }
  readonly signal?: AbortSignal
}

export interface HostEndpoint {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly user: string
  /** The one key the host may show, as in known_hosts: `ssh-ed25519 AAAA…`. */
  readonly hostKey: string
}
