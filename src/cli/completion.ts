import type { Command } from "commander"
import { examples } from "./examples.ts"

const shells = ["bash", "zsh", "fish"] as const

/** `bifrost-ts completion bash|zsh|fish`: made from the commands themselves. */
export function registerCompletion(program: Command): void {
  program
    .command("completion")
    .argument("<shell>", shells.join(", "))
    .description("print a script that completes commands and options in your shell")
    .addHelpText("after", examples("completion bash > /etc/bash_completion.d/bifrost-ts", "completion fish | source"))
    .action((shell: string, _, command: Command) => {
      const words = wordsOf(program)
      if (shell === "bash") console.log(bash(words))
      else if (shell === "zsh") console.log(`autoload -U +X bashcompinit && bashcompinit\n${bash(words)}`)
      else if (shell === "fish") console.log(fish(words))
      else command.error(`error: no completion for "${shell}"; there is ${shells.join(", ")}`)
    })
}

/** What may follow each command: `""` → names of commands, `"node"` → its commands, `"node list"` → its options. */
function wordsOf(command: Command, path: readonly string[] = []): Map<string, string[]> {
  const options = command.options.filter((option) => !option.hidden).map((option) => option.long ?? option.short ?? "")
  const own = [...command.commands.map((each) => each.name()), ...options, "--help"]
  const below = command.commands.flatMap((each) => [...wordsOf(each, [...path, each.name()])])
  return new Map([[path.join(" "), own], ...below])
}

function bash(words: ReadonlyMap<string, string[]>): string {
  const cases = [...words].map(([path, next]) => `    "${path}") words="${next.join(" ")}" ;;`)
  return `_bifrost_ts() {
  local path="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  while :; do
    case "$path" in
${cases.map((line) => `  ${line}`).join("\n")}
    esac
    [ -n "$words" ] && break
    case "$path" in *" "*) path="\${path% *}" ;; *) path="" ;; esac
  done
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _bifrost_ts bifrost-ts`
}

function fish(words: ReadonlyMap<string, string[]>): string {
  const lines = [...words].flatMap(([path, next]) => {
    const parts = path === "" ? [] : path.split(" ")
    const below = [...words.keys()].filter((other) => other !== path && other.startsWith(path === "" ? "" : `${path} `))
    const names = below.map((other) => other.split(" ")[parts.length]!)
    const seen = parts.map((part) => `__fish_seen_subcommand_from ${part}`)
    const unseen = names.length > 0 ? [`not __fish_seen_subcommand_from ${[...new Set(names)].join(" ")}`] : []
    const when = [...seen, ...unseen].join("; and ") || "true"
    return next.map((word) => {
      const what = word.startsWith("--") ? `-l ${word.slice(2)}` : `-f -a ${word}`
      return `complete -c bifrost-ts -n '${when}' ${what}`
    })
  })
  return lines.join("\n")
}
