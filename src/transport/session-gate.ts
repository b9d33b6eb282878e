/** OpenSSH lets a connection have ten sessions at once (sshd_config(5), MaxSessions); one of them is for files. */
const SESSIONS = 8

/**
 * Lets only so many of a connection's sessions be open at once; who comes later waits for one that ends. A host that allows
 * fewer refuses an opening (RFC 4254 §5.1): that one waits too, and the gate stays as narrow as the host turned out to be.
 */
export class SessionGate {
  #limit = SESSIONS
  #open = 0
  readonly #waiting: (() => void)[] = []

  /** Runs `work` when there is room for its session; rejects as `work` does. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      while (this.#open >= this.#limit) await new Promise<void>((enter) => this.#waiting.push(enter))
      this.#open++
      try {
        return await work()
      } catch (error) {
        const others = this.#open - 1
        if (!refusedToOpen(error) || others === 0) throw error
        this.#limit = Math.min(this.#limit, others)
      } finally {
        this.#open--
        this.#letIn()
      }
    }
  }

  /** Who is woken looks once more whether there is room. */
  #letIn(): void {
    for (const enter of this.#waiting.splice(0, Math.max(this.#limit - this.#open, 0))) enter()
  }
}

/** ssh2 hands on the reason code of SSH_MSG_CHANNEL_OPEN_FAILURE. */
const refusedToOpen = (error: unknown) =>
  error instanceof Error && "reason" in error && error.message.includes("Channel open failure")
