import { defineErrors } from "../util/errors.ts"

export const deployErrors = defineErrors({
  NO_HOST: {
    status: 409,
    summary: "no host is there to deploy to",
    remedy: "Provision nodes first, and give one of them the group that is missing.",
  },
  SCOPE_UNKNOWN: {
    status: 400,
    summary: "the site has nothing of the name that the run was to be limited to",
    remedy: "bifrost-ts service list shows services and hosts, bifrost-ts run graph the steps.",
  },
  SCOPE_EMPTY: {
    status: 400,
    summary: "no step is left of the deployment when it is limited like this",
    remedy: "Does this host carry this service? bifrost-ts service list shows which does.",
  },
  HOST_NOT_READY: {
    status: 409,
    summary: "a node cannot take part in a deployment",
    remedy: "Provision it again, so that its address and its SSH host key are recorded.",
  },
  DECISION_SETTLED: {
    status: 409,
    summary: "the site file decides something anew that cannot be changed under what is there",
    remedy:
      "Set the option back. To change it all the same, remove what was made with it first: the option's own page tells how.",
  },
  NETWORK_MISSING: {
    status: 409,
    summary: "a host is not in a network that the site needs",
    remedy: "Name the interface or the network of this role in bifrost.yaml, for the site, a group or the host.",
  },
  DEFINITION_UNSOUND: {
    status: 500,
    summary: "a service definition is not sound",
    remedy: "Correct services/<name>/service.ts.",
  },
  IMAGE_NOT_LOCKED: {
    status: 409,
    summary: "images.lock does not name an image that the services need",
    remedy: "Run bifrost-ts images build containers and bifrost-ts images push; they write images.lock.",
  },
  LOCK_UNREADABLE: {
    status: 409,
    summary: "images.lock cannot be read",
    remedy: "Run bifrost-ts images push, which writes it anew.",
  },
  PULL_FAILED: {
    status: 502,
    summary: "an image could not be pulled",
    remedy: "Is the registry up, and can the host reach it? Run the command again: what has been done is kept.",
  },
  CONTAINER_DIED: {
    status: 502,
    summary: "a container ended while it was to become healthy",
    remedy: "Its last lines are above; the rest is in `docker logs` on the host.",
  },
  CONTAINER_UNHEALTHY: {
    status: 504,
    summary: "a container did not become healthy in time",
    remedy: "Its last lines are above; the rest is in `docker logs` on the host.",
  },
  ROLLOUT_STOPPED: {
    status: 409,
    summary: "a container was not replaced, as its like failed on another host in this run",
    remedy: "It serves as before. Mend the cause on the host named, then run the command again.",
  },
  UNIT_UNKNOWN: {
    status: 404,
    summary: "no service of the site has a container of this name",
    remedy: "bifrost-ts service list shows all of them.",
  },
  UNIT_ON_SEVERAL: {
    status: 400,
    summary: "which of the hosts is meant has to be said, and it has to be one that carries the container",
    remedy: "Name one of them: --host NAME",
  },
  ENGINE_NOT_INSTALLED: {
    status: 502,
    summary: "no container engine could be installed on the host",
    remedy:
      "Can it reach its package archive? Or install Docker Engine 25 or later yourself; then run the command again.",
  },
  MODULE_MISSING: {
    status: 409,
    summary: "the host's kernel lacks a module that a service on it needs",
    remedy: "Install a kernel that has it.",
  },
  NOT_DEPLOYED: {
    status: 409,
    summary: "a container is not there",
    remedy: "Run: bifrost-ts deploy. It makes what is missing; start only starts what was stopped.",
  },
  DESTROY_UNCONFIRMED: {
    status: 400,
    summary: "nothing is destroyed unless the site's region is named",
    remedy: "Give confirm as the region that bifrost.yaml names; bifrost-ts destroy asks for it.",
  },
  TASK_FAILED: {
    status: 502,
    summary: "a task of the deployment failed",
    remedy: "Its last lines are above. It is safe to repeat: run the command again once the cause is gone.",
  },
  DATABASE_NOT_MIGRATED: {
    status: 502,
    summary: "a database was not brought to its image's schema",
    remedy: "Its last lines are above. Run the command again once the cause is gone.",
  },
  SQL_FAILED: {
    status: 502,
    summary: "the database refused a statement",
    remedy:
      "The database's own words are above; the log of the container mariadb on this host says more. Run the command again once the cause is gone.",
  },
  CLUSTER_AMBIGUOUS: {
    status: 409,
    summary: "nobody can tell which of the databases' members has the data that is to be kept",
    remedy:
      "No data was touched. Make the hosts answer that do not; or remove the container and the volume mariadb where the data may go.",
  },
  TOKEN_REFUSED: {
    status: 502,
    summary: "Keystone is up and gives the administrator no token",
    remedy: "Look at the log of the container keystone.",
  },
  OSLO_SYNTAX: {
    status: 400,
    summary: "a configuration file is not in oslo.config's format",
    remedy: "A line is `[section]`, `key = value`, a comment (# or ;), or an indented continuation of the value above.",
  },
  SITE_INVALID: {
    status: 400,
    summary: "the site's configuration has errors",
    remedy: "Correct the places named; bifrost-ts validate checks them again.",
  },
  SITE_UNREADABLE: {
    status: 500,
    summary: "the site's configuration cannot be read",
    remedy:
      "The service reads it by its group: chmod g+r the file (g+rx a folder), or start the service again: bifrost-ts up.",
  },
  OVERRIDE_INVALID: {
    status: 400,
    summary: "an override file cannot be read",
    remedy: "Correct the file; bifrost-ts validate checks it again.",
  },
  SECRET_UNKNOWN: {
    status: 404,
    summary: "there is no such secret",
    remedy: "See their names: bifrost-ts secrets list",
  },
  SECRET_NOT_ROTATED: {
    status: 409,
    summary: "this secret cannot be replaced by one that is made here",
    remedy:
      "With a key of tokens or credentials all that it encrypted would be void. They move one place on together: bifrost-ts secrets rotate keystone_fernet_keys, or keystone_credential_keys; see docs/site.md.",
  },
  KEYS_IN_USE: {
    status: 409,
    summary: "the keys cannot move on: what the oldest of them encrypted would be lost",
    remedy: "A deploy encrypts it anew with the primary key: bifrost-ts deploy --only keystone, then rotate again.",
  },
  SECRET_NOT_GIVEN: {
    status: 409,
    summary: "a secret that only you can know is missing",
    remedy: "Write NAME: value into a file and import it: bifrost-ts secrets import FILE",
  },
  SECRETS_INVALID: {
    status: 400,
    summary: "no secret was imported, because the file has errors",
    remedy: "Correct the places listed and import again; --dry-run only checks.",
  },
})
