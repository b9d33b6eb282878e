/** A signal that aborts, for this reason, once the user ends the program (Ctrl-C) or the system does (SIGTERM). */
export function interruption(reason: string): AbortSignal {
  const interrupted = new AbortController()
  const interrupt = () => interrupted.abort(new Error(`interrupted; ${reason}`))
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, interrupt)
  return interrupted.signal
}
