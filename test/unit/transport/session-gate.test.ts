import { expect, test } from "vitest"
import { transportTo } from "./ssh-host.ts"

/** A host that answers any command by it, after a moment, and opens no more than `allowed` sessions at once. */
async function hostOf(allowed: number) {
  const seen = { open: 0, most: 0, refused: 0, commands: [] as string[] }
  const transport = await transportTo((client) => {
    client.on("session", (accept, reject) => {
      if (seen.open >= allowed) {
        seen.refused++
        return reject()
      }
      seen.most = Math.max(seen.most, ++seen.open)
      accept().on("exec", (acceptExec, _reject, { command }) => {
        seen.commands.push(command)
        const channel = acceptExec()
        setTimeout(() => {
          seen.open--
          channel.write(command)
          channel.exit(0)
          channel.end()
        }, 5)
      })
    })
  })
  return { seen, transport }
}

const commands = Array.from({ length: 40 }, (_, index) => `command-${index}`)

test("many commands at once keep to the sessions that OpenSSH allows a connection", async () => {
  const { seen, transport } = await hostOf(10)
  const answers = await Promise.all(commands.map((each) => transport.exec([each])))
  expect(answers.map(({ stdout }) => stdout)).toEqual(commands)
  expect(seen).toMatchObject({ most: 8, refused: 0 })
})

test("a host that allows fewer gets all of them all the same", async () => {
  const { seen, transport } = await hostOf(3)
  const answers = await Promise.all(commands.map((each) => transport.exec([each])))
  expect(answers.map(({ stdout }) => stdout)).toEqual(commands)
  expect(seen.most).toBe(3)
  expect(seen.refused).toBeGreaterThan(0)
  expect(seen.refused).toBeLessThan(commands.length)
})

test("a host that allows none is an error", async () => {
  const { transport } = await hostOf(0)
  await expect(transport.exec(["true"])).rejects.toThrow(/Channel open failure/)
})

test("a command that was called off while it waited never runs", async () => {
  const { seen, transport } = await hostOf(10)
  const caller = new AbortController()
  const others = commands.map((each) => transport.exec([each]))
  const calledOff = transport.exec(["late"], { signal: caller.signal })
  caller.abort(new Error("called off"))
  await expect(calledOff).rejects.toThrow("called off")
  await Promise.all(others)
  await transport.exec(["last"])
  // Those that were sent at once arrive in any order.
  expect(seen.commands.toSorted()).toEqual([...commands, "last"].toSorted())
})
