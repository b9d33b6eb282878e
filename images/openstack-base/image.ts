import { defineImage } from "../../src/build/containers/definition.ts"

/** What every OpenStack service imports, in one layer that hosts pull once. */
export default defineImage({
  name: "openstack-base",
  summary: "Python libraries that all OpenStack services share, and uWSGI",
  from: "base",
  packages: [
    "python3-keystoneauth1",
    "python3-keystonemiddleware",
    "python3-memcache",
    "python3-oslo.cache",
    "python3-oslo.concurrency",
    "python3-oslo.db",
    "python3-oslo.messaging",
    "python3-oslo.middleware",
    "python3-oslo.policy",
    "python3-oslo.upgradecheck",
    "python3-osprofiler",
    "python3-pymemcache",
    "python3-pymysql",
    "uwsgi-core",
    "uwsgi-plugin-python3",
  ],
  // Unit tests of libraries and their translations: a quarter of the files. `__pycache__` stays: a service runs as a user
  // who could not write it again, and compiling at each start costs seconds on slow hosts.
  prune: ["/usr/lib/python3/dist-packages/*/tests", "/usr/lib/python3/dist-packages/*/locale"],
})
