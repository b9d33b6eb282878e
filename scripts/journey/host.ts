import Docker from "dockerode"
import type { Journey } from "./run.ts"

/** The lab's host that carries the cloud. */
export const hostName = "host1"

/** The socket of the host's engine, as this machine sees into the host. */
export async function engineSocket({ lab }: Journey): Promise<string> {
  const { State } = await new Docker().getContainer(`${lab}-${hostName}`).inspect()
  return `/proc/${State.Pid}/root/run/docker.sock`
}

export const hostEngine = async (journey: Journey) => new Docker({ socketPath: await engineSocket(journey) })
