import { Agent, type ClientRequestArgs } from "node:http"
import { inspect } from "node:util"
import Docker from "dockerode"
import type { Client, ClientChannel } from "ssh2"

const socketPath = "/var/run/docker.sock"

/** dockerode whose every connection is a channel of one SSH connection to the engine's unix socket. */
export function engineOver(client: () => Promise<Client>): { docker: Docker; destroy: () => void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 32, maxFreeSockets: 4 })
  agent.createConnection = (_options: ClientRequestArgs, done?: (error: Error | null, stream: never) => void) => {
    client().then(
      (connected) => {
        connected.openssh_forwardOutStreamLocal(socketPath, (error, channel) => {
          if (error) return done?.(error, undefined as never)
          done?.(null, asSocket(channel) as never)
        })
      },
      (error) => done?.(error, undefined as never),
    )
    // The stream comes through the callback.
    return undefined as never
  }
  // For a log that is off, docker-modem writes out all that it is given, at any depth: the whole connection, at each request.
  Object.assign(agent, { [inspect.custom]: () => "Agent over SSH" })
  // docker-modem insists on a host; the agent never looks at it.
  const options: Docker.DockerOptions & { agent: Agent } = { host: "engine", port: 80, protocol: "http", agent }
  const docker = new Docker(options)
  return { docker, destroy: () => agent.destroy() }
}

/** http.Agent treats what it is given as a net.Socket; these are no-ops on a channel, whose connection has its own keep-alive. */
function asSocket(channel: ClientChannel): ClientChannel {
  const same = () => channel
  return Object.assign(channel, { setKeepAlive: same, setNoDelay: same, setTimeout: same, ref: same, unref: same })
}
