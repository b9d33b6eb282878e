import { writeFileSync } from "node:fs"
import { loadImages } from "../src/build/containers/catalog.ts"
import { pipConfig } from "../src/build/containers/pip-config.ts"
import { findRelease, type Release } from "../src/build/containers/releases.ts"
import { defaultSettings } from "../src/build/containers/settings.ts"
import { run } from "../src/util/run.ts"

/**
 * `node scripts/constraints.ts RELEASE`: writes images/constraints/RELEASE.txt (docs/decisions/0113). Of a release that is in
 * Debian, from the Python distributions in the packages; they are asked, as packages' names and versions are Debian's own. Of
 * another, by pip, from its projects as the index was on a day. Takes the images `debian` and `source-builder`.
 */

/** What all services need, with the drivers and back ends that images offer. */
const packages = [
  ["python3-keystone", "python3-ldap", "python3-ldappool", "python3-pysaml2"],
  ["python3-glance", "python3-glance-store", "python3-boto3", "python3-swiftclient"],
  ["python3-placement", "python3-nova", "python3-neutron", "python3-cinder", "python3-heat"],
  ["python3-django-horizon", "python3-heat-dashboard"],
  ["python3-pymysql", "python3-memcache", "python3-pymemcache", "python3-etcd3gw", "python3-tooz"],
  ["python3-os-brick", "python3-openstackclient", "python3-ovsdbapp", "python3-websockify", "python3-setuptools"],
  ["python3-osprofiler"],
].flat()

/** The same beside the projects of a release that pip resolves. */
const drivers = [
  "boto3",
  "etcd3gw",
  "glance-store[cinder,s3,swift]",
  "osprofiler",
  "pymemcache",
  "pymysql",
  "python-memcached",
  "tooz",
]

/** Not on PyPI, there under a version of its own, or newer than what needs it allows (Debian lifts such limits): pip finds what fits. */
const left = /^(pip|python-apt|wheel|xmlschema|xstatic.*)$/

const fromPackages = `set -e
apt-get update -q > /dev/null
apt-get install -yq --no-install-recommends --download-only ${packages.join(" ")} > /dev/null
mkdir /tmp/x
# Only what stands in the modules' own folder: some distributions carry others inside them.
for deb in /var/cache/apt/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C /tmp/x --wildcards --no-wildcards-match-slash \\
        './usr/lib/python3/dist-packages/*-info/METADATA' './usr/lib/python3/dist-packages/*-info/PKG-INFO' 2> /dev/null || true
done
find /tmp/x -name METADATA -o -name PKG-INFO | while read -r file; do
    sed -n '/^$/q; s/^Name: /N /p; s/^Version: /V /p' "$file" | sort | tr '\\n' ' '
    echo
done`

/** The suite's own pip does not know --uploaded-prior-to. */
const byPip = ({ projects, asOf }: NonNullable<Release["resolve"]>) => `set -e
python3 -m venv /tmp/v
/tmp/v/bin/pip install --quiet --upgrade pip
/tmp/v/bin/pip install --quiet --dry-run --ignore-installed --uploaded-prior-to ${asOf} --report /tmp/report \\
    ${[...projects, ...drivers].map((each) => `'${each}'`).join(" ")}
python3 -c '
import json
for each in json.load(open("/tmp/report"))["install"]:
    print("N", each["metadata"]["name"], "V", each["metadata"]["version"])
'`

const release = findRelease(process.argv[2] ?? "")
const all = await loadImages("images", { ...defaultSettings, release, installType: "source" })
const { resolve, suite, name } = release
const [image, script] = resolve ? ["source-builder", byPip(resolve)] : ["debian", fromPackages]
const binds = resolve ? pipConfig().binds.flatMap((bind) => ["-v", bind]) : []
const { stdout } = await run("docker", ["run", "--rm", ...binds, all.get(image)!.reference, "sh", "-c", script])
const lines = stdout.split("\n").flatMap((line) => {
  const [, distribution, version] = /^N (\S+) V (\S+)/.exec(line) ?? []
  const plain = distribution?.toLowerCase().replaceAll("_", "-")
  // Debian's builds may call themselves a development version, or local.
  return plain && version && !left.test(plain) ? [`${plain}==${version.replace(/(\.dev\d+|\+.*)$/, "")}`] : []
})
const sorted = [...new Set(lines)].sort()
const origin = resolve
  ? `what pip resolved as of ${resolve.asOf}`
  : `what Debian's ${suite} has of it, and of all that it needs`
const file = `images/constraints/${release.constraints}`
writeFileSync(file, [`# OpenStack ${name}: ${origin}.`, "# Made by scripts/constraints.ts", ...sorted, ""].join("\n"))
console.log(`${file}: ${sorted.length} distributions`)
