import { defineImage } from "../../src/build/containers/definition.ts"
import { fullPerl, libraryExtras } from "../prune.ts"

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
  // `__pycache__` stays, 95 MB that it is: a service runs as a user who could not write it again, and compiling at each
  // start costs seconds on a slow host.
  prune: [...libraryExtras, ...fullPerl, "/usr/share/python-babel-localedata/locale-data/[a-df-qs-z]*.dat"],
})
