import { measured } from "./journey/measure.ts"
import { Journey } from "./journey/run.ts"

process.exitCode = await measured(process.argv.slice(2), () => new Journey(console.log), {
  say: console.log,
  complain: console.error,
})
