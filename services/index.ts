import type { ServiceDefinition } from "../src/deploy/service.ts"
import keystone from "./keystone/service.ts"
import mariadb from "./mariadb/service.ts"
import memcached from "./memcached/service.ts"
import rabbitmq from "./rabbitmq/service.ts"

/** What a site runs. Order has no meaning: the graph follows what each needs. */
export const services: readonly ServiceDefinition[] = [mariadb, rabbitmq, memcached, keystone]
