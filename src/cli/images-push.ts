import type { Command } from "commander"
import { pushSite } from "../build/containers/push-site.ts"
import { withRegistryRelay } from "../provisioner/registry-relay.ts"
import { inState, pathsFrom } from "../util/paths.ts"

/** `bifrost-ts images push [--to HOST:PORT]`. */
export function registerImagesPush(images: Command): void {
  images
    .command("push")
    .description("push the services' container images and write images.lock, which deploys read")
    .option(
      "--to <registry>",
      "another registry, as the local Docker Engine reaches it (default: the provisioner's own)",
    )
    .option("--lock <file>", "where images.lock goes", inState.imagesLock(pathsFrom(process.env)))
    .option("--json", "print JSON")
    .action(push)
}

async function push(options: { to?: string; lock: string; json?: boolean }) {
  const onPushed = (image: string, digest: string) => console.error(`${image.padEnd(16)} ${digest}`)
  const pushTo = (registry: string) => pushSite({ registry, lockFile: options.lock, onPushed })
  const pushed = await (options.to ? pushTo(options.to) : withRegistryRelay(pathsFrom(process.env), pushTo))
  console.log(options.json ? JSON.stringify(pushed, null, 2) : `${options.lock} written`)
}
