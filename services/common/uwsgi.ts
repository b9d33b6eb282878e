import type { OsloConfig } from "../../src/deploy/oslo.ts"
import { type FileDefinition, workers } from "../../src/deploy/service.ts"
import type { SiteConfig } from "../../src/deploy/site.ts"
import { hostPort } from "../../src/util/host-port.ts"

export interface UwsgiOptions {
  readonly service: string
  /** The file's name, also when one service has several APIs, e.g. `nova-api-uwsgi.ini`. */
  readonly name: string
  /** The program's WSGI script. */
  readonly wsgi: string
  readonly port: number
  /** A worker's resident memory after its first requests. */
  readonly workerMb: number
  /** Further options of uWSGI. */
  readonly options?: OsloConfig[string]
}

/** A WSGI application under uWSGI, listening on the host's own address alone. */
export function uwsgiFile({ service, name, wsgi, port, workerMb, options }: UwsgiOptions): FileDefinition {
  return {
    name,
    dest: `/etc/${service}/${name}`,
    owner: `${service}:${service}`,
    perm: "0600",
    content: ({ site, host, facts }) => ({
      uwsgi: {
        plugins: "python3",
        "http-socket": hostPort(host.address, port),
        "wsgi-file": wsgi,
        master: true,
        processes: chosenWorkers(site, service) ?? workers(facts, workerMb),
        threads: 1,
        "enable-threads": true,
        "thunder-lock": true,
        "die-on-term": true,
        // Clients saw resets when uWSGI ended a connection that they meant to use again.
        "add-header": "Connection: close",
        "buffer-size": 65_535,
        "need-app": true,
        "disable-logging": true,
        ...options,
      },
    }),
  }
}

export const uwsgiCommand = ({ service, name }: Pick<UwsgiOptions, "service" | "name">) =>
  `uwsgi --ini /etc/${service}/${name}`

/** What the site says of this service, or of all. */
function chosenWorkers({ services, workers: all }: SiteConfig, service: string): number | undefined {
  const known: Readonly<Record<string, { readonly workers?: number }>> = services
  return known[service]?.workers ?? all
}
