import { defineImage } from "../../src/build/containers/definition.ts"
import { fullPerl } from "../prune.ts"
import { extendStart } from "../service.ts"

const python = "/usr/lib/python3/dist-packages"

const venvModules = "/var/lib/kolla/venv/lib/python3*/site-packages"
const venvPython = "/var/lib/kolla/venv/bin/python3"

/** RDO's package keeps the dashboard's modules outside of Python's folders. */
const rdo = "/usr/share/openstack-dashboard/openstack_dashboard"

const collect = [
  // Its start links an operator's settings there.
  "chgrp -R horizon /etc/openstack-dashboard",
  "chmod g+w /etc/openstack-dashboard/local_settings.d",
  "install -d -o horizon -g horizon /var/lib/openstack-dashboard/static /var/lib/openstack-dashboard/secret-key",
  "setpriv --reuid horizon --regid horizon --clear-groups /usr/share/openstack-dashboard/manage.py collectstatic --noinput -v 0",
  "setpriv --reuid horizon --regid horizon --clear-groups /usr/share/openstack-dashboard/manage.py compress --force",
  // Each site has a key of its own for its users' sessions.
  "rm -f /var/lib/openstack-dashboard/secret-key/*",
]

/**
 * The dashboard with heat's panels, its scripts and styles collected and compressed here, which takes half a minute, and not at
 * each start. uWSGI runs /usr/share/openstack-dashboard/wsgi.py and serves /static from /var/lib/openstack-dashboard/static.
 * Translations stay: people read them.
 */
export default defineImage({
  name: "horizon",
  summary: "OpenStack dashboard",
  from: "openstack-base",
  packages: [
    "python3-django-horizon",
    "python3-heatclient",
    "python3-xstatic-angular-uuid",
    "python3-xstatic-angular-vis",
    "python3-xstatic-filesaver",
    "python3-xstatic-js-yaml",
    "python3-xstatic-json2yaml",
  ],
  extract: {
    "openstack-dashboard": ["./etc/openstack-dashboard/policy/*", "./usr/share/openstack-dashboard/*"],
    "python3-heat-dashboard": [`.${python}/heat_dashboard*`, `.${python}/openstack_dashboard/*`],
  },
  source: {
    projects: ["horizon", "heat-dashboard", "pymemcache"],
    run: [
      "install -d /usr/share/openstack-dashboard /etc/openstack-dashboard/local_settings.d",
      `cd ${venvModules}/openstack_dashboard`,
      "cp wsgi.py /usr/share/openstack-dashboard/",
      `printf '%s\\n' '#!${venvPython}' 'import os, sys' 'from django.core.management import execute_from_command_line' 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openstack_dashboard.settings")' 'execute_from_command_line(sys.argv)' > /usr/share/openstack-dashboard/manage.py`,
      "chmod 0755 /usr/share/openstack-dashboard/manage.py",
      "cp -r conf /etc/openstack-dashboard/policy",
      "cp ../heat_dashboard/enabled/_*.py local/enabled/",
      "ln -sf /etc/openstack-dashboard/local_settings.py local/local_settings.py",
      "rm -rf local/local_settings.d && ln -s /etc/openstack-dashboard/local_settings.d local/local_settings.d",
      "cd /",
      ...collect,
    ],
  },
  rpm: {
    packages: ["openstack-dashboard", "openstack-heat-ui"],
    run: [
      `modules=$(python3 -c 'from importlib.util import find_spec; print(find_spec("horizon").submodule_search_locations[0])')`,
      `ln -s ${rdo} "$modules/../openstack_dashboard"`,
      `cp ${rdo}/wsgi.py /usr/share/openstack-dashboard/`,
      "install -d /etc/openstack-dashboard/policy",
      "cd /etc/openstack-dashboard",
      "mv *_policy.yaml default_policies nova_policy.d policy/",
      `rm -rf ${rdo}/conf`,
      `ln -s /etc/openstack-dashboard/policy ${rdo}/conf`,
      `ln -sf /etc/openstack-dashboard/local_settings.py ${rdo}/local/local_settings.py`,
      // What the packages link there points back to the folder that a link is to take the place of.
      "find local_settings.d -type l -delete",
      `find ${rdo}/local/local_settings.d -name '_*.py' -exec mv {} local_settings.d/ ';'`,
      `rm -rf ${rdo}/local/local_settings.d`,
      `ln -s /etc/openstack-dashboard/local_settings.d ${rdo}/local/local_settings.d`,
      "cd /",
      ...collect,
    ],
  },
  prune: fullPerl,
  user: { name: "horizon", id: 42420, home: "/var/lib/horizon" },
  files: {
    ...extendStart(),
    "/etc/openstack-dashboard/local_settings.py": { source: "local_settings.py" },
    "/etc/openstack-dashboard/local_settings.d/_0001_image.py": { source: "image_settings.py" },
  },
  run: [
    `ln -s /usr/share/openstack-dashboard/themes ${python}/openstack_dashboard/themes`,
    `ln -s /etc/openstack-dashboard/policy ${python}/openstack_dashboard/conf`,
    `ln -s /etc/openstack-dashboard/local_settings.py ${python}/openstack_dashboard/local/local_settings.py`,
    `ln -s /etc/openstack-dashboard/local_settings.d ${python}/openstack_dashboard/local/local_settings.d`,
    `python3 -m compileall -q ${python}/heat_dashboard ${python}/openstack_dashboard/local/enabled`,
    ...collect,
  ],
  health: "healthcheck_curl http://127.0.0.1:80/",
})
