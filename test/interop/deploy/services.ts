import keystone from "../../../services/keystone/service.ts"
import mariadb from "../../../services/mariadb/service.ts"
import memcached from "../../../services/memcached/service.ts"
import rabbitmq from "../../../services/rabbitmq/service.ts"
import type { ServiceDefinition } from "../../../src/deploy/service.ts"

/** Keystone and what it stands on: the smallest cloud that has every kind of step. */
export const services: readonly ServiceDefinition[] = [mariadb, rabbitmq, memcached, keystone]
