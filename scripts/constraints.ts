import { writeFileSync } from "node:fs"
import { findRelease } from "../src/build/containers/releases.ts"
import { chosenImages } from "../src/cli/images/settings.ts"
import { run } from "../src/util/run.ts"

/**
 * `node scripts/constraints.ts 2025.1`: writes images/constraints/RELEASE.txt from the Python distributions in Debian's packages
 * of that release (docs/decisions/0113). It asks the packages themselves, as their names and versions are Debian's own.
 */

/** What all services need, with the drivers and back ends that images offer. */
const packages = [
  ["python3-keystone", "python3-ldap", "python3-ldappool", "python3-pysaml2"],
  ["python3-glance", "python3-glance-store", "python3-boto3", "python3-swiftclient"],
  ["python3-placement", "python3-nova", "python3-neutron", "python3-cinder", "python3-heat"],
  ["python3-django-horizon", "python3-heat-dashboard"],
  [
    "python3-pymysql",
    "python3-memcache",
    "python3-pymemcache",
    "python3-etcd3gw",
    "python3-tooz",
    "python3-osprofiler",
  ],
  ["python3-os-brick", "python3-openstackclient", "python3-ovsdbapp", "python3-websockify", "python3-setuptools"],
].flat()

/** Not on PyPI, or there under a version of its own: Debian's modules are used, or pip finds what fits. */
const left = new Set(["pip", "python-apt", "wheel"])

const script = `set -e
apt-get update -q > /dev/null
apt-get install -yq --no-install-recommends --download-only ${packages.join(" ")} > /dev/null
mkdir /tmp/x
for deb in /var/cache/apt/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C /tmp/x --wildcards '*-info/METADATA' '*-info/PKG-INFO' 2> /dev/null || true
done
find /tmp/x \\( -path '*.dist-info/METADATA' -o -path '*.egg-info/PKG-INFO' \\) | while read -r file; do
    sed -n '/^$/q; s/^Name: /N /p; s/^Version: /V /p' "$file" | sort | tr '\\n' ' '
    echo
done`

const release = findRelease(process.argv[2] ?? "2025.1")
const { all } = await chosenImages([], { release: release.name })
const { stdout } = await run("docker", ["run", "--rm", all.get("debian")!.reference, "sh", "-c", script])
const lines = stdout
  .split("\n")
  .flatMap((line) => {
    const [, name, version] = /^N (\S+) V (\S+)/.exec(line) ?? []
    return name && version && !left.has(name.toLowerCase())
      ? [`${name.toLowerCase().replaceAll("_", "-")}==${version}`]
      : []
  })
  .sort()
const file = `images/constraints/${release.constraints}`
const heading = `# OpenStack ${release.name}: what Debian's ${release.suite} has of it, and of all that it needs.\n# Made by scripts/constraints.ts\n`
writeFileSync(file, `${heading}${[...new Set(lines)].join("\n")}\n`)
console.log(`${file}: ${new Set(lines).size} distributions`)
