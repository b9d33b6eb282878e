/** What a script says on standard output, and what on standard error. */
export interface Voice {
  readonly say: (text: string) => void
  readonly complain: (text: string) => void
}

export const terminal: Voice = {
  say: (text) => console.log(text),
  complain: (text) => console.error(text),
}
