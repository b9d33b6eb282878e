import { run } from "../../../../src/util/run.ts"

/** Removes all images of a namespace that a test had for itself, by every name that they have in it. */
export async function removeImages(namespace: string): Promise<void> {
  const format = ["--format", "{{.Repository}}:{{.Tag}}", "--filter", `reference=${namespace}/*`]
  const { stdout } = await run("docker", ["images", ...format])
  const names = stdout.split("\n").filter(Boolean)
  if (names.length > 0) await run("docker", ["rmi", "--force", ...names]).catch(() => {})
}
