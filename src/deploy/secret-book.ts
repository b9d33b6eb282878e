import { keyRepositories } from "../keystone/keys.ts"
import type { Store } from "../store/port.ts"
import { isPrivateKey } from "../transport/key-pair.ts"
import { didYouMean } from "../util/closest.ts"
import { BifrostError } from "../util/errors.ts"
import { type Fault, fault, inOrder } from "../util/fault.ts"
import { Secret } from "../util/secret.ts"
import { readYaml } from "../util/yaml.ts"
import { deployErrors } from "./errors.ts"
import { rotateKeys } from "./key-rotation.ts"
import { generateSecret, replaceSecret, secretsOwner } from "./secrets.ts"
import type { SecretKind, ServiceDefinition } from "./service.ts"

export interface SecretEntry {
  readonly name: string
  /** Who uses it; null: none of the services that this release has. */
  readonly service: string | null
  readonly kind: SecretKind
  /** Made already; the others are made by the first deploy that needs them. */
  readonly present: boolean
}

export interface SecretImport {
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly unchanged: readonly string[]
  /** Kept, but no service of this release has a secret of that name. */
  readonly unused: readonly string[]
  /** Names without a value. */
  readonly empty: readonly string[]
}

const isSshKey = (value: string) =>
  /^[A-Za-z0-9+/]+=*$/.test(value) && isPrivateKey(Buffer.from(value, "base64").toString())

interface Shape {
  readonly fits: (value: string) => boolean
  /** After the secret's name. */
  readonly otherwise: string
  readonly expected: string
}

/** What a value of each kind has to be. */
const shapes: Readonly<Record<SecretKind, Shape>> = {
  password: {
    // Kolla's generated passwords are of these; others would need quoting in URLs, SQL, INI and shell.
    fits: (value) => /^[A-Za-z0-9_.~-]+$/.test(value),
    otherwise: "has characters that would need quoting in URLs and files",
    expected: "letters, digits and _ . ~ -",
  },
  given: {
    // Others' keys, such as Amazon's, are base64.
    fits: (value) => /^[A-Za-z0-9_.~+/=-]+$/.test(value),
    otherwise: "has characters that no key has",
    expected: "letters, digits and _ . ~ + / = -",
  },
  uuid: {
    fits: (value) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value),
    otherwise: "is not a UUID",
    expected: "e.g. 8f1b4c1e-94a4-4d4b-8f0e-0a4c3f1f1c53",
  },
  fernet: {
    fits: (value) => /^[A-Za-z0-9_-]{43}=$/.test(value),
    otherwise: "is not a Fernet key",
    expected: "32 bytes in URL-safe base64, 44 characters",
  },
  ssh: {
    fits: isSshKey,
    otherwise: "is not an SSH key",
    expected: "a private key without passphrase, in base64 on one line",
  },
}
/** The provisioner's own, which live beside the cloud's and are not the operator's to set. */
const provisioners = ["ssh_private_key", "ca_key"]

/** The cloud's secrets, as the operator sees them. Names are kolla-ansible's. */
export class SecretBook {
  readonly #store: Store
  readonly #declared: ReadonlyMap<string, { readonly service: string; readonly kind: SecretKind }>
  readonly #now: () => number

  constructor(services: readonly ServiceDefinition[], store: Store, now: () => number) {
    this.#store = store
    this.#now = now
    this.#declared = new Map(
      services.flatMap(({ name: service, secrets }) =>
        Object.entries(secrets ?? {}).map(([name, kind]) => [name, { service, kind }] as const),
      ),
    )
  }

  async list(): Promise<SecretEntry[]> {
    const present = (await this.#store.secrets.names(secretsOwner)).filter((name) => !provisioners.includes(name))
    const names = [...new Set([...this.#declared.keys(), ...present])].sort()
    return names.map((name) => {
      const { service = null, kind = "password" as const } = this.#declared.get(name) ?? {}
      return { name, service, kind, present: present.includes(name) }
    })
  }

  /** Throws SECRET_UNKNOWN. */
  async show(name: string): Promise<Secret> {
    const found = provisioners.includes(name) ? undefined : await this.#store.secrets.get(secretsOwner, name)
    if (found) return found
    const known = (await this.list()).filter((entry) => entry.present).map((entry) => entry.name)
    const declared = this.#declared.get(name)
    throw new BifrostError(deployErrors.SECRET_UNKNOWN, {
      detail: declared
        ? `${name} is ${declared.kind === "given" ? "yours to import" : "made by the first deploy"}`
        : `${name}${didYouMean(name, known)}`,
    })
  }

  /**
   * Makes a new value, or moves the keys of a repository one place on; the next deploy brings it to the hosts. Throws
   * SECRET_UNKNOWN, SECRET_NOT_ROTATED and KEYS_IN_USE.
   */
  async rotate(name: string): Promise<void> {
    const repository = keyRepositories.find((keys) => keys.name === name)
    if (repository) return rotateKeys(repository, this.#store, this.#now())
    const former = await this.show(name)
    const kind = this.#declared.get(name)?.kind ?? "password"
    if (kind === "given") {
      const remedy = "Have it changed where it is from, and bring the new value by: bifrost-ts secrets import FILE"
      throw new BifrostError(deployErrors.SECRET_NOT_ROTATED, { detail: name, remedy })
    }
    if (kind === "fernet") throw new BifrostError(deployErrors.SECRET_NOT_ROTATED, { detail: name })
    await this.#replace(name, former, generateSecret[kind]())
  }

  /** Reads a passwords.yml of kolla-ansible's. All or nothing: with faults nothing is kept. */
  async import(
    content: string,
    dryRun: boolean,
  ): Promise<{ readonly report: SecretImport } | { readonly faults: readonly Fault[] }> {
    const { value, placeOf, faults } = readYaml(content)
    if (faults.length > 0) return { faults }
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return { faults: [fault({ line: 1, column: 1 }, "not a list of passwords", "a map of name: value")] }
    const given = Object.entries(value)
    const wrong = given.flatMap(([name, secret]) =>
      this.#faultOf(name, secret).map(([what, expected]) => fault(placeOf([name]), what, expected)),
    )
    if (wrong.length > 0) return { faults: inOrder(wrong) }

    const report = { added: [], changed: [], unchanged: [], unused: [], empty: [] } as Record<
      keyof SecretImport,
      string[]
    >
    for (const [name, secret] of given) {
      if (isEmpty(secret)) {
        report.empty.push(name)
        continue
      }
      if (!this.#declared.has(name)) report.unused.push(name)
      const former = await this.#store.secrets.get(secretsOwner, name)
      const next = new Secret(String(secret))
      report[former === undefined ? "added" : former.reveal() === next.reveal() ? "unchanged" : "changed"].push(name)
      if (!dryRun && former?.reveal() !== next.reveal()) await this.#replace(name, former, next)
    }
    return { report }
  }

  /** Why a value cannot be taken, without the value. */
  #faultOf(name: string, value: unknown): [what: string, expected: string][] {
    if (isEmpty(value)) return []
    if (provisioners.includes(name)) return [[`${name} is the provisioner's own`, "names of services' secrets"]]
    const kind = this.#declared.get(name)?.kind
    if ((kind === undefined || kind === "ssh") && typeof value === "object")
      return [[`${name} is not one value`, "name: value; leave key pairs out, the site makes its own"]]
    if (typeof value !== "string" && typeof value !== "number") return [[`${name} is not text`, "text; quote it"]]
    const { fits, otherwise, expected } = shapes[kind ?? "password"]
    return fits(String(value)) ? [] : [[`${name} ${otherwise}`, expected]]
  }

  #replace(name: string, former: Secret | undefined, next: Secret): Promise<void> {
    return replaceSecret(this.#store.secrets, { name, former, next, now: this.#now() })
  }
}

const isEmpty = (value: unknown) => value === null || value === undefined || value === ""
