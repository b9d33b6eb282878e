import { inspect } from "node:util"
import { expect, it } from "vitest"
import { engineOver } from "../../../src/transport/engine.ts"

it("has an agent that is told in three words: docker-modem writes it out at each request, at any depth", () => {
  const { docker } = engineOver(() => Promise.reject(new Error("no host")))
  const { agent } = docker.modem as { agent?: object }
  expect(agent).toBeDefined()
  expect(inspect({ agent }, { showHidden: true, depth: null })).toBe("{ agent: Agent over SSH }")
})
