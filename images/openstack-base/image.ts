import { defineImage } from "../../src/build/containers/definition.ts"
import { fullPerl, graphviz, hostDaemons, identities, libraryExtras, x11 } from "../prune.ts"

/**
 * What several OpenStack services import, in one layer that hosts pull once. Beside the common libraries: os-brick, RBD and
 * qemu-img, which glance, nova and cinder share, and Open vSwitch's, which nova, neutron and heat share.
 */
export default defineImage({
  name: "openstack-base",
  summary: "Python libraries that OpenStack services share, and uWSGI",
  from: "base",
  packages: [
    "python3-barbicanclient",
    "python3-castellan",
    "python3-cinderclient",
    "python3-glanceclient",
    "python3-jsonschema",
    "python3-keystoneauth1",
    "python3-keystonemiddleware",
    "python3-memcache",
    "python3-neutronclient",
    "python3-novaclient",
    "python3-openstackclient",
    "python3-openstacksdk",
    "python3-os-brick",
    "python3-os-resource-classes",
    "python3-os-traits",
    "python3-os-vif",
    "python3-oslo.cache",
    "python3-oslo.concurrency",
    "python3-oslo.db",
    "python3-oslo.limit",
    "python3-oslo.messaging",
    "python3-oslo.middleware",
    "python3-oslo.policy",
    "python3-oslo.privsep",
    "python3-oslo.reports",
    "python3-oslo.rootwrap",
    "python3-oslo.upgradecheck",
    "python3-oslo.versionedobjects",
    "python3-osprofiler",
    "python3-ovsdbapp",
    "python3-pymemcache",
    "python3-pymysql",
    "python3-rados",
    "python3-rbd",
    "python3-swiftclient",
    "python3-taskflow",
    "python3-tooz",
    "qemu-utils",
    "uwsgi-core",
    "uwsgi-plugin-python3",
  ],
  // Under the others, libraries come with each project: its environment, or its package's dependencies.
  source: { packages: ["uwsgi-core", "uwsgi-plugin-python3"] },
  rpm: { packages: ["python3-pymysql", "uwsgi", "uwsgi-plugin-python3"] },
  // `__pycache__` stays, 95 MB that it is: a service runs as a user who could not write it again, and compiling at each
  // start costs seconds on a slow host.
  prune: [
    ...libraryExtras,
    ...fullPerl,
    ...graphviz,
    ...x11,
    ...hostDaemons,
    ...identities,
    "/usr/share/python-babel-localedata/locale-data/[a-df-qs-z]*.dat",
  ],
})
