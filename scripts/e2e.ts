import { measured } from "./journey/measure.ts"
import { Journey } from "./journey/run.ts"
import { terminal } from "./journey/voice.ts"

process.exitCode = await measured(process.argv.slice(2), () => new Journey(terminal.say), terminal)
