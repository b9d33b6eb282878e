import { entranceOf } from "../../src/deploy/entrance.ts"
import type { ServiceContext } from "../../src/deploy/service.ts"
import { memcacheServers } from "../common/openstack.ts"

type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value }

/** Horizon's settings are Python; these are those that a site decides, in place of what the image starts with. */
export function siteSettings(context: ServiceContext): string {
  const everywhere = (["internal", "public"] as const).every((from) => entranceOf(context.site, from).secure)
  const settings: Readonly<Record<string, Value>> = {
    DEBUG: context.site.debug,
    // Requests reach it by whatever name or address the site's users have for it; the load balancer passes that on.
    ALLOWED_HOSTS: ["*"],
    SECRET_KEY: context.secret("horizon_secret_key"),
    OPENSTACK_KEYSTONE_URL: `${context.endpoint("identity")}/v3`,
    OPENSTACK_ENDPOINT_TYPE: "internalURL",
    OPENSTACK_KEYSTONE_DEFAULT_ROLE: "member",
    AVAILABLE_REGIONS: [],
    SESSION_ENGINE: "django.contrib.sessions.backends.cache",
    CACHES: {
      default: {
        BACKEND: "django.core.cache.backends.memcached.PyMemcacheCache",
        LOCATION: memcacheServers(context).split(","),
      },
    },
    SESSION_COOKIE_HTTPONLY: true,
    CSRF_COOKIE_HTTPONLY: false,
    USE_X_FORWARDED_HOST: true,
    SECURE_PROXY_SSL_HEADER: ["HTTP_X_FORWARDED_PROTO", "https"],
    // A browser would not give back such a cookie to an address without HTTPS.
    SESSION_COOKIE_SECURE: everywhere,
    CSRF_COOKIE_SECURE: everywhere,
    TIME_ZONE: "UTC",
  }
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${python(value)}\n`)
    .join("")
}

/** A value as Python writes it; JSON's strings are Python's too. */
function python(value: Value): string {
  if (typeof value === "boolean") return value ? "True" : "False"
  if (typeof value !== "object") return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`
  return `{${Object.entries(value)
    .map(([key, each]) => `${JSON.stringify(key)}: ${python(each)}`)
    .join(", ")}}`
}
