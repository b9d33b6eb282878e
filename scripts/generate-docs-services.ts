import {
  filesOf,
  type Group,
  type HostAccess,
  type ServiceDefinition,
  type UnitDefinition,
} from "../src/deploy/service.ts"
import { defaultSite } from "../src/deploy/site.ts"

/** docs/reference/services.md: what each service consists of, from its definition. */
export function servicesPage(services: readonly ServiceDefinition[]): string {
  const head = `# Services

Made by \`npm run docs\` from \`services/<name>/service.ts\`. Containers, volumes and host paths have kolla-ansible's names.
"needs" is what a step waits for and nothing else; the graph is made of these lines.`
  return `${[head, ...services.map(section)].join("\n\n")}\n`
}

function section(service: ServiceDefinition): string {
  const { name, summary, group, catalog = [], databases = [], user, secrets = {} } = service
  const entries = catalog.map(
    ({ type, name: entry, port, path = "" }) => `- in the catalog: \`${type}\` (${entry}) at \`:${port}${path}\``,
  )
  const facts = [
    ...entries,
    ...(databases.length > 0 ? [`- databases: ${codes(databases.map((each) => each.name))}`] : []),
    ...(user ? [`- its user in Keystone: \`${user.name}\``] : []),
    ...(Object.keys(secrets).length > 0 ? [`- secrets: ${codes(Object.keys(secrets))}`] : []),
  ]
  const rows = [
    ...service.containers.map((unit) => row(unit, group, "container")),
    ...(service.tasks ?? []).map((unit) => row(unit, group, "task")),
  ]
  return [
    `## ${name}`,
    "",
    `${summary[0]?.toUpperCase()}${summary.slice(1)}.`,
    ...(facts.length > 0 ? ["", ...facts] : []),
    "",
    "| | image | on | files | needs | more than other containers may |",
    "|---|---|---|---|---|---|",
    ...rows,
  ].join("\n")
}

function row(unit: UnitDefinition, ownGroup: Group, kind: string): string {
  const hosts = `${unit.each ? "each" : "first"} of ${[unit.group ?? ownGroup].flat().join(" and ")}`
  const files = codes(filesOf(unit, { site: defaultSite, secret: (name) => name }).map(({ dest }) => dest))
  const cells = [
    `${kind} \`${unit.name}\``,
    `\`${unit.image}\``,
    hosts,
    files,
    codes([...(unit.needs ?? []), ...(unit.comesAfter ?? [])]),
    more(unit.access),
  ]
  return `| ${cells.join(" | ")} |`
}

function more({
  capabilities = [],
  devices = [],
  allDevices,
  namespaces = [],
  unconfined,
  user,
}: HostAccess = {}): string {
  return [
    codes(capabilities),
    codes(devices),
    allDevices ? "all devices" : "",
    namespaces.length > 0 ? `the host's ${namespaces.join(", ")}` : "",
    unconfined ? "no seccomp, no AppArmor" : "",
    user ? `as \`${user}\`` : "",
  ]
    .filter(Boolean)
    .join("; ")
}

const codes = (words: readonly string[]) => words.map((word) => `\`${word}\``).join(", ")
