/**
 * The agent and all it imports as one file for the ramdisk's Node. Bundling takes a fraction of a second, so its text, not
 * its sources, is what the ramdisk's fingerprint is made of.
 */
export async function bundleAgent(entry: string): Promise<string> {
  // Only here: the service's container holds this command line too, and not the bundler.
  const { build } = await import("esbuild")
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: "node",
    target: "node24",
    format: "esm",
    legalComments: "none",
    logLevel: "silent",
    // CommonJS packages inside an ES module still look for `require`.
    banner: { js: 'import { createRequire } from "node:module"\nconst require = createRequire("/")' },
  })
  return result.outputFiles[0]!.text
}
