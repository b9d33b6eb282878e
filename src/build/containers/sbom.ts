import { join } from "node:path"
import type Docker from "dockerode"
import { BifrostError } from "../../util/errors.ts"
import type { ImageRecipe } from "./catalog.ts"
import { containerBuildErrors } from "./errors.ts"
import { runContainer } from "./run-container.ts"

/** A package in an image, from what the image itself knows. */
export interface ImagePackage {
  /** `deb-file`: files of a Debian package that is not installed. */
  readonly type: "deb" | "deb-file" | "rpm" | "pypi"
  readonly name: string
  readonly version: string
  readonly architecture?: string
}

const script = `
dpkg-query --show --showformat 'deb\\t\${Package}\\t\${Version}\\t\${Architecture}\\n' 2> /dev/null
rpm --query --all --queryformat 'rpm\\t%{NAME}\\t%{VERSION}-%{RELEASE}\\t%{ARCH}\\n' 2> /dev/null
sed 's/^/deb-file\\t/; s/ /\\t/' /usr/share/bifrost-ts/extracted 2> /dev/null
command -v python3 > /dev/null && python3 -c '
import importlib.metadata
for each in importlib.metadata.distributions():
    print("pypi", each.metadata["Name"], each.version, sep="\\t")
'
exit 0`

/** Asks the image: package managers' databases, and the Python that its programs run on. */
export async function packagesOf(docker: Docker, reference: string, signal: AbortSignal): Promise<ImagePackage[]> {
  const lines: string[] = []
  const onLine = (line: string) => void lines.push(line)
  await runContainer(docker, { image: reference, command: ["sh", "-c", script], network: "none", signal, onLine })
  const packages = parsePackages(lines)
  if (packages.length > 0) return packages
  const detail = `${reference}: ${lines.slice(0, 5).join(" ")}`
  throw new BifrostError(containerBuildErrors.SBOM_EMPTY, { detail })
}

/** Tab-separated lines, in any order and repeated, to a sorted list. */
export function parsePackages(lines: readonly string[]): ImagePackage[] {
  const found = lines.flatMap((line): ImagePackage[] => {
    const [type, name, version, architecture] = line.split("\t")
    if (!["deb", "deb-file", "rpm", "pypi"].includes(type ?? "") || !name || !version) return []
    return [{ type: type as ImagePackage["type"], name, version, ...(architecture && { architecture }) }]
  })
  const byKey = new Map(found.map((each) => [`${each.type} ${each.name.toLowerCase()} ${each.version}`, each]))
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each)
}

/** CycloneDX 1.6. No time and no serial number in it: the same image gives the same file. */
export function cycloneDx({ definition, hash, reference }: ImageRecipe, packages: readonly ImagePackage[]) {
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "container",
        name: definition.name,
        description: definition.summary,
        version: reference.slice(reference.lastIndexOf(":") + 1),
        properties: [{ name: "io.bifrost-ts.input", value: hash }],
      },
    },
    components: packages.map((each) => ({
      type: "library",
      name: each.name,
      version: each.version,
      purl: purlOf(each),
      ...(each.type === "deb-file" && { properties: [{ name: "io.bifrost-ts.files-only", value: "true" }] }),
    })),
  }
}

/** The package-url specification: type, namespace, name, version, qualifiers. */
function purlOf({ type, name, version, architecture }: ImagePackage): string {
  const place = { deb: "deb/debian/", "deb-file": "deb/debian/", rpm: "rpm/rocky/", pypi: "pypi/" }[type]
  // PyPI's names are compared without case, and with `-` for `_`.
  const plain = type === "pypi" ? name.toLowerCase().replaceAll("_", "-") : name
  const suffix = architecture ? `?arch=${architecture}` : ""
  return `pkg:${place}${encodeURIComponent(plain)}@${encodeURIComponent(version)}${suffix}`
}

export const sbomFile = (cache: string, { definition, hash }: Pick<ImageRecipe, "definition" | "hash">) =>
  join(cache, "sbom", `${definition.name}-${hash.slice(0, 12)}.cdx.json`)
