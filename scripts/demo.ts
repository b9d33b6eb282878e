import { spawnSync } from "node:child_process"
import { accelerator } from "../src/lab/accelerator.ts"
import { pathsFrom } from "../src/util/paths.ts"
import { showDemo } from "./journey/demo.ts"
import { terminal } from "./journey/voice.ts"

process.exitCode = await showDemo(process.argv.slice(2), {
  ...terminal,
  paths: pathsFrom(process.env),
  now: Date.now,
  accelerator,
  bifrost: (words) => spawnSync("bin/bifrost-ts", words, { stdio: "inherit" }).status,
})
