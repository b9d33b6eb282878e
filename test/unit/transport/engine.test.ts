import { inspect } from "node:util"
import { expect, it } from "vitest"
import { engineOver } from "../../../src/transport/engine.ts"
import { newKeyPair } from "../../../src/transport/key-pair.ts"
import { LastingConnection } from "../../../src/transport/lasting-connection.ts"

it("has an agent that is told in three words: docker-modem writes it out at each request, at any depth", () => {
  const place = { name: "host1", address: "127.0.0.1", port: 1, user: "root", hostKey: newKeyPair("host").public }
  const { docker } = engineOver(new LastingConnection(place, newKeyPair("key").private), "host1")
  const { agent } = docker.modem as { agent?: object }
  expect(agent).toBeDefined()
  expect(inspect({ agent }, { showHidden: true, depth: null })).toBe("{ agent: Agent over SSH }")
})
