import { chmod, mkdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type Docker from "dockerode"
import { BifrostError } from "../../util/errors.ts"
import { Cache } from "../cache.ts"
import { containerBuildErrors } from "./errors.ts"
import { pipConfig } from "./pip-config.ts"
import { constraintsOf, type PythonTree } from "./python.ts"
import { runContainer } from "./run-container.ts"

export interface PythonBuildOptions {
  readonly docker: Docker
  /** Root of the cache of builds. */
  readonly cache: string
  /** The image's name, for messages. */
  readonly image: string
  /** Reference of the image with compilers, which is built. */
  readonly builder: string
  readonly refresh: boolean
  readonly signal: AbortSignal
  readonly onLine: (line: string) => void
}

/** Free space that an environment takes while it is made, bytes. */
const needs = 2e9

/** The archive of a tree, from the cache or made anew. Compilers and pip's downloads stay outside of the image. */
export async function buildPython(tree: PythonTree, options: PythonBuildOptions): Promise<string> {
  const { cache, image, builder, refresh, signal, onLine } = options
  const constraints = constraintsOf(tree)
  const folders = Object.fromEntries(Object.entries(tree.folders).map(([name, folder]) => [name, { tree: folder }]))
  const { requirements, kind, target } = tree
  const inputs = { kind, target, requirements, constraints, folders, builder, script }
  const build = (dir: string) => makeTree(tree, constraints, dir, options)
  const recipe = { kind: "python", name: image, inputs, needs, build }
  const artifact = await new Cache(cache).obtain(recipe, { refresh, signal, progress: onLine })
  return join(artifact.dir, "tree.tar")
}

async function makeTree(
  tree: PythonTree,
  constraints: string,
  dir: string,
  options: PythonBuildOptions,
): Promise<void> {
  const { docker, cache, image, builder, signal, onLine } = options
  const pip = pipConfig()
  const downloads = join(cache, "pip")
  const input = join(dir, "input")
  await mkdir(downloads, { recursive: true })
  await mkdir(input, { mode: 0o700 })
  await writeFile(join(input, "pip.conf"), pip.fromEnvironment, { mode: 0o600 })
  await writeFile(join(input, "constraints.txt"), constraints)
  await writeFile(join(input, "requirements.txt"), tree.requirements.map((line) => `${line}\n`).join(""))
  await writeFile(join(input, "build"), script)
  await chmod(join(input, "build"), 0o755)
  const last: string[] = []
  const run = {
    image: builder,
    command: ["/input/build", tree.kind, tree.target],
    environment: ["PIP_CONFIG_FILE=/input/pip.conf", "PIP_CACHE_DIR=/cache", "PIP_ROOT_USER_ACTION=ignore"],
    binds: [
      ...pip.binds,
      `${input}:/input:ro`,
      `${dir}:/output`,
      `${downloads}:/cache`,
      ...Object.entries(tree.folders).map(([project, folder]) => `${folder}:/folders/${project}:ro`),
      ...(tree.repositories ?? []).map((folder) => `${folder}:${folder}:ro`),
    ],
    signal,
    onLine: (line: string) => {
      last.push(line)
      onLine(line)
    },
  }
  try {
    const code = await runContainer(docker, run)
    if (code === 0) return
    const detail = [image, ...last.slice(-15), `pip ended with exit ${code}`].join("\n")
    throw new BifrostError(containerBuildErrors.IMAGE_BUILD_FAILED, { detail })
  } finally {
    // A configuration may hold a password; what is kept in the cache must not.
    await rm(input, { recursive: true, force: true })
  }
}

/**
 * Runs in the image with compilers. All times are 1980, and modules are compiled after that, so that equal packages give an
 * equal archive. pip itself, unit tests and translations stay out, as in images made from Debian's packages.
 */
const script = `#!/bin/bash
# build KIND TARGET: /output/tree.tar from /input/requirements.txt
set -euo pipefail
kind=$1 target=$2
export PYTHONHASHSEED=0
work=/tmp/venv
if [[ $kind == venv ]]; then
    work=$target
fi
python3 -m venv "$work"
# A folder of the operator is read-only here, and setuptools writes beside what it builds.
if [[ -d /folders ]]; then
    cp -r /folders /source
fi
# A repository of this machine belongs to its user, not to this container's root.
if command -v git > /dev/null; then
    git config --global --add safe.directory '*'
fi
# By a variable, constraints hold for what builds wheels, too: old projects do not build with the newest setuptools.
export PIP_CONSTRAINT=/input/constraints.txt
options=(--no-compile --progress-bar off --requirement /input/requirements.txt)
if [[ $kind == venv ]]; then
    "$work/bin/pip" install "\${options[@]}"
    "$work/bin/pip" list --format json > /output/packages.json
    "$work/bin/python3" - << 'END' > /tmp/programs
import importlib.metadata, re
names = [re.match(r"(?:/source/)?([A-Za-z0-9._-]+)", line)[1] for line in open("/input/requirements.txt")]
# rootwrap starts privsep-helper by sudo's path.
installed = {each.metadata["Name"] for each in importlib.metadata.distributions()}
for name in names + sorted(installed & {"oslo.privsep"}):
    for file in importlib.metadata.distribution(name).files or []:
        path = str(file)
        if "/bin/" in path and path.startswith("../"):
            print(path.rsplit("/", 1)[1])
END
    # Programs of the projects under the paths that Debian's packages give them: sudo's path and configuration know those.
    mkdir -p /tmp/tree/usr/bin
    while read -r program; do
        ln -s "$work/bin/$program" "/tmp/tree/usr/bin/$program"
    done < /tmp/programs
    "$work/bin/pip" uninstall --yes --quiet pip
    # Modules that exist only as Debian's packages, such as those of libvirt and RBD, are found as well.
    sed -i 's/^include-system-site-packages.*/include-system-site-packages = true/' "$work/pyvenv.cfg"
    mkdir -p "/tmp/tree$(dirname "$work")"
    cp -a "$work" "/tmp/tree$work"
else
    python=$(python3 -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
    target=\${target/PYTHON/$python}
    "$work/bin/pip" install --no-deps --target "/tmp/tree$target" "\${options[@]}"
    "$work/bin/pip" list --path "/tmp/tree$target" --format json > /output/packages.json
fi
cd /tmp/tree
find . -depth \\( -path '*/site-packages/*/tests' -o -path '*/site-packages/*/locale' \\) -type d -exec rm -rf {} +
find . -exec touch -hd 1980-01-01T00:00:00Z {} +
# What some projects bring for older Pythons does not compile, and is never imported.
find . -name '*-packages' -type d -exec python3 -m compileall -q -j 0 -s . -p / {} + || true
find . -exec touch -hd 1980-01-01T00:00:00Z {} +
tar --create --sort=name --numeric-owner --owner=0 --group=0 --format=gnu --file=/output/tree.tar $(ls -A)
`
