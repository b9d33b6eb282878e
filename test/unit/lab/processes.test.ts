import { spawn } from "node:child_process"
import { once } from "node:events"
import { expect, test } from "vitest"
import { endProcesses, findProcesses, isAlive } from "../../../src/lab/processes.ts"

test("a process is found by its arguments, ended though it ignores SIGTERM, and gone", async () => {
  const marker = `bifrost-test-${process.pid}`
  const script = 'process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)'
  const child = spawn(process.execPath, ["-e", script, marker], { stdio: ["ignore", "pipe", "ignore"] })
  await once(child.stdout, "data")
  const find = () => findProcesses((argv) => argv.at(-1) === marker)
  expect(find()).toEqual([child.pid])
  expect(isAlive(child.pid!)).toBe(true)
  await endProcesses([child.pid!], 50)
  expect(find()).toEqual([])
  expect(isAlive(child.pid!)).toBe(false)
})
