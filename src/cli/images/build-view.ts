import { stripVTControlCharacters } from "node:util"
import pc from "picocolors"
import type { BuildEvent } from "../../build/containers/events.ts"
import type { Clock } from "../../util/clock.ts"
import { bar, elapsed } from "../show/text.ts"
import { endLine } from "./build-containers.ts"

export interface BuildOutput {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export interface BuildView {
  readonly take: (event: BuildEvent) => void
  end(): void
}

interface Running {
  readonly since: number
  step: number
  steps: number
  line: string
}

const TICK_MS = 250

/** How a build goes: on a terminal the running images redrawn below those that have ended, elsewhere a line for each event. */
export function buildView(total: number, out: BuildOutput, clock: Clock): BuildView {
  const startedAt = clock.now()
  const running = new Map<string, Running>()
  let ended = 0
  let failed = 0

  const take = (event: BuildEvent): string | undefined => {
    const { image } = event
    switch (event.kind) {
      case "begin":
        running.set(image, { since: clock.now(), step: 0, steps: 0, line: "" })
        return undefined
      case "line": {
        const state = running.get(image)
        if (!state) return undefined
        const step = /^Step (\d+)\/(\d+) : /.exec(event.line)
        if (step) [state.step, state.steps] = [Number(step[1]), Number(step[2])]
        state.line = event.line
        return undefined
      }
      case "retry":
        return `${pc.yellow("↻")} ${image.padEnd(24)} again in ${event.seconds} s: ${event.error}`
      case "end":
        running.delete(image)
        ended++
        if (event.result.status === "failed") failed++
        return endLine(event.result)
    }
  }

  const region = (): string[] => {
    const width = (out.columns ?? 100) - 1
    const lines = [...running].map(([image, { since, step, steps, line }]) => {
      const time = elapsed(clock.now() - since)
      return ` ${image.padEnd(24)} ${bar(steps > 0 ? (step - 1) / steps : 0, 8)} ${time.padStart(5)}  ${line}`.slice(
        0,
        width,
      )
    })
    const parts = [`${ended} of ${total}`, `${running.size} building`, ...(failed > 0 ? [`${failed} failed`] : [])]
    return [...lines, pc.dim(` ${parts.join(" · ")}  ${elapsed(clock.now() - startedAt)}`)]
  }

  if (!out.isTTY) {
    const stamp = () => `${((clock.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  `
    const plain = (text: string) => out.write(`${stamp()}${stripVTControlCharacters(text)}\n`)
    return {
      take(event) {
        const text = take(event)
        if (event.kind === "begin") plain(`▸ ${event.image}`)
        if (text !== undefined) plain(text)
      },
      end: () => {},
    }
  }

  let drawn = 0
  // ANSI: up to where the region began, and all below erased.
  const erase = () => (drawn > 0 ? `\u001b[${drawn}A\r\u001b[0J` : "")
  const draw = (above: string, lines: readonly string[]) => {
    out.write(erase() + above + lines.map((line) => `${line}\n`).join(""))
    drawn = lines.length
  }
  const tick = setInterval(() => draw("", region()), TICK_MS)
  tick.unref()
  return {
    take(event) {
      const text = take(event)
      if (text !== undefined) draw(`${text}\n`, region())
    },
    end() {
      clearInterval(tick)
      draw("", [])
    },
  }
}
