/** POSIX shell words that stand for exactly these arguments; sshd hands every command to the user's shell. */
export function shellWords(args: readonly string[]): string {
  return args.map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`)).join(" ")
}
