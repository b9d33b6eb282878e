import type { ServiceDefinition } from "../src/deploy/service.ts"
import cinder from "./cinder/service.ts"
import glance from "./glance/service.ts"
import heat from "./heat/service.ts"
import horizon from "./horizon/service.ts"
import iscsi from "./iscsi/service.ts"
import keystone from "./keystone/service.ts"
import loadbalancer from "./loadbalancer/service.ts"
import logs from "./logs/service.ts"
import mariadb from "./mariadb/service.ts"
import memcached from "./memcached/service.ts"
import neutron from "./neutron/service.ts"
import nova from "./nova/service.ts"
import openvswitch from "./openvswitch/service.ts"
import ovn from "./ovn/service.ts"
import placement from "./placement/service.ts"
import rabbitmq from "./rabbitmq/service.ts"
import valkey from "./valkey/service.ts"

/** What a site can run; the site file says what it does. Order has no meaning: the graph follows what each needs. */
export const services: readonly ServiceDefinition[] = [
  ...[mariadb, rabbitmq, memcached, valkey, loadbalancer, logs, openvswitch, ovn, iscsi],
  ...[keystone, glance, placement, nova, neutron, cinder, heat, horizon],
]
