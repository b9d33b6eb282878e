import {
  type ContainerDefinition,
  type DatabaseDefinition,
  defineService,
  type ServiceUser,
} from "../../src/deploy/service.ts"
import { hostPort } from "../../src/util/host-port.ts"
import { bootstrapTask } from "../common/bootstrap.ts"
import {
  authToken,
  configFile,
  database,
  logging,
  login,
  logVolume,
  messaging,
  transportUrl,
} from "../common/openstack.ts"
import { uwsgiCommand, uwsgiFile } from "../common/uwsgi.ts"

const ports = { heat_api: 8004, heat_api_cfn: 8000 } as const
const heatDatabase: DatabaseDefinition = { name: "heat", password: "heat_database_password" }
/** Users that stacks make live in a domain of their own: none of them is a user of the cloud's. */
const domain = {
  name: "heat_user_domain",
  description: "Users that stacks make",
  admin: { name: "heat_domain_admin", password: "heat_domain_admin_password" },
}
const user: ServiceUser = { name: "heat", password: "heat_keystone_password" }

const config = configFile({
  service: "heat",
  content: (context) => {
    const cfn = context.endpoint("cloudformation")
    return {
      DEFAULT: {
        ...logging(context, "heat"),
        transport_url: transportUrl(context),
        heat_metadata_server_url: cfn.replace(/\/v1$/, ""),
        heat_waitcondition_server_url: `${cfn}/waitcondition`,
        stack_user_domain_name: domain.name,
        stack_domain_admin: domain.admin.name,
        stack_domain_admin_password: context.secret(domain.admin.password),
        num_engine_workers: 1,
      },
      database: database(context, heatDatabase, 5),
      keystone_authtoken: authToken(context, user),
      trustee: login(context, user),
      // Keystone validates signatures of signals for services alone.
      ec2authtoken: login(context, user),
      clients: { endpoint_type: "internalURL" },
      clients_keystone: { auth_uri: context.endpoint("identity") },
      oslo_messaging_rabbit: messaging,
      oslo_middleware: { enable_proxy_headers_parsing: true },
    }
  },
})

const api = (name: keyof typeof ports, image: string): ContainerDefinition => {
  const wsgi = {
    service: "heat",
    name: `${image}-uwsgi.ini`,
    wsgi: `/usr/bin/heat-wsgi-${image.replace("heat-", "")}`,
    port: ports[name],
    workerMb: 130,
  }
  return {
    name,
    image,
    command: () => uwsgiCommand(wsgi),
    files: [config, uwsgiFile(wsgi)],
    volumes: [logVolume],
    needs: ["task/bootstrap_heat", "container/memcached", "container/rabbitmq"],
    healthy: ({ host }) => ["healthcheck_curl", `http://${hostPort(host.address, ports[name])}/`],
  }
}

export default defineService({
  name: "heat",
  summary: "stacks of resources from templates",
  group: "control",
  databases: [heatDatabase],
  user,
  domain,
  roles: ["heat_stack_owner", "heat_stack_user"],
  catalog: [
    {
      type: "orchestration",
      name: "heat",
      description: "OpenStack Orchestration",
      container: "heat_api",
      port: ports.heat_api,
      path: "/v1/%(project_id)s",
    },
    {
      type: "cloudformation",
      name: "heat-cfn",
      description: "OpenStack Orchestration, CloudFormation's API",
      container: "heat_api_cfn",
      port: ports.heat_api_cfn,
      path: "/v1",
    },
  ],
  secrets: {
    heat_database_password: "password",
    heat_keystone_password: "password",
    heat_domain_admin_password: "password",
  },
  tasks: [bootstrapTask({ name: "bootstrap_heat", image: "heat-api", files: [config], databases: ["heat"] })],
  containers: [
    api("heat_api", "heat-api"),
    api("heat_api_cfn", "heat-api-cfn"),
    {
      name: "heat_engine",
      image: "heat-engine",
      command: () => "heat-engine",
      files: [config],
      volumes: [logVolume],
      needs: ["task/bootstrap_heat", "container/rabbitmq", "catalog/heat"],
      healthy: () => ["healthcheck_port", "heat-engine", "5672"],
    },
  ],
})
