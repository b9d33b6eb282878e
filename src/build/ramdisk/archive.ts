import { run } from "../../util/run.ts"

/** Packs a directory as an uncompressed initramfs archive (cpio "newc"), in order of name and owned by root. */
export async function packTree(tree: string, archive: string): Promise<void> {
  const script =
    'find . -mindepth 1 -print0 | LC_ALL=C sort -z | cpio --null --create --format=newc --owner=+0:+0 --quiet > "$1"'
  await run("sh", ["-ec", script, "sh", archive], { cwd: tree })
}
