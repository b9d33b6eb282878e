import type { World } from "./world.ts"

/** Commands of one namespace that begin and end a loss. */
interface Loss {
  readonly namespace: string
  readonly begin: readonly string[]
  readonly end: readonly string[]
}

/**
 * Lets the line between a client and the server lose a tenth of all packets, both ways, until the function that it gives
 * is called. By netem where the kernel has it; else by netfilter, where both ends drop what comes in. udhcpc hears below
 * netfilter, so that replies to it are dropped where they leave.
 */
export async function loseTenth(world: World, client: string): Promise<() => Promise<void>> {
  const netem = (namespace: string, device: string): Loss => ({
    namespace,
    begin: ["tc", "qdisc", "add", "dev", device, "root", "netem", "loss", "10%"],
    end: ["tc", "qdisc", "delete", "dev", device, "root"],
  })
  const netfilter = (namespace: string, ...chain: string[]): Loss => {
    const rule = [...chain, "-m", "statistic", "--mode", "random", "--probability", "0.1", "-j", "DROP"]
    return { namespace, begin: ["iptables", "-A", ...rule], end: ["iptables", "-D", ...rule] }
  }
  const run = (namespace: string, [command = "", ...args]: readonly string[]) => world.run(namespace, command, ...args)

  // Tried on the server's loopback, which carries nothing.
  const known = (await run(world.hub, ["tc", "qdisc", "add", "dev", "lo", "root", "netem"])).code === 0
  const losses = known
    ? [netem(client, "eth0"), netem(world.hub, "prov0")]
    : [
        netfilter(client, "INPUT"),
        netfilter(world.hub, "INPUT"),
        netfilter(world.hub, "OUTPUT", "-p", "udp", "--sport", "67"),
      ]
  const all = async (which: "begin" | "end") => {
    for (const loss of losses) {
      const { code, output } = await run(loss.namespace, loss[which])
      if (code !== 0) throw new Error(`${loss[which].join(" ")}: ${output}`)
    }
  }
  await all("begin")
  return () => all("end")
}
