/** An operating system for whole machines: which packages, which files laid over them, how it starts. */
export interface OsDefinition {
  readonly name: string
  readonly suite: string
  /** Of Debian's archive; `main` alone when not given. They stay in force in the installed system. */
  readonly components?: readonly string[]
  readonly packages: readonly string[]
  /** Patterns for dpkg's path-exclude and path-include; they stay in force in the installed system. */
  readonly exclude: readonly string[]
  readonly include: readonly string[]
  /** A directory laid over the root; files with an executable bit stay executable, all belong to root. */
  readonly files: string
  readonly units: {
    readonly enable: readonly string[]
    readonly disable: readonly string[]
    readonly mask: readonly string[]
    /** Started after the first boot's end. Whatever they wait for or hold up otherwise, they are off the critical path. */
    readonly late: readonly string[]
    /** systemd's generators that are not run: each is a process before the first unit starts. */
    readonly noGenerators: readonly string[]
  }
  /** Kernel parameters after `root=…`. */
  readonly cmdline: string
  /** Free space in the root filesystem before it grows on its machine, bytes. */
  readonly slack: number
  /** zstd's level. Unpacking costs the same at any; packing at 19 takes minutes for a tenth less. */
  readonly compression: number
}
