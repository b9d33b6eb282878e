import { describe, expect, it } from "vitest"
import { loadImages } from "../../../../src/build/containers/catalog.ts"
import { builtImages } from "../../../../src/build/containers/local.ts"
import { run } from "../../../../src/util/run.ts"
import { docker } from "../../deploy/container-host.ts"

/** Packages make these up once, at build; two hosts of one image must not share them. */
const identities =
  "/etc/machine-id /etc/iscsi/initiatorname.iscsi /etc/nvme/hostid /etc/nvme/hostnqn /etc/ssh/ssh_host_*_key"

const python = (...modules: string[]) => `python3 -c 'import ${modules.join(", ")}' && echo imported`
const imported = /^imported$/m

/** An empty database is made from its schema and served. */
const ovnDatabase = (half: "nb" | "sb") => `
  . kolla_extend_start
  start-${half}-db-server > /tmp/log 2>&1 &
  for try in {1..300}; do [[ -S /run/ovn/ovn${half}_db.sock ]] && break; sleep 0.1; done
  ovsdb-client list-dbs unix:/run/ovn/ovn${half}_db.sock`

/** Horizon's login page under uWSGI, with the scripts and styles that it names. */
const loginPage = `
  cd /usr/share/openstack-dashboard
  uwsgi --plugins python3 --http-socket 127.0.0.1:8000 --wsgi-file wsgi.py \\
    --static-map /static=/var/lib/openstack-dashboard/static > /tmp/log 2>&1 &
  get() { curl --silent --output "$2" --write-out "%{http_code} $1\\n" "http://127.0.0.1:8000$1"; }
  until curl --silent --output /dev/null http://127.0.0.1:8000/; do sleep 1; done
  get /auth/login/ /tmp/login.html
  for path in $(grep -oE '/static/[^"]+\\.(css|js)' /tmp/login.html | sort -u); do get "$path" /dev/null; done
  ls /var/lib/openstack-dashboard/secret-key`

/** For each image that runs: who it runs as, what shows that its main program and what that starts are whole, and the answer. */
const proofs: Readonly<Record<string, readonly [user: string, command: string, says: RegExp]>> = {
  mariadb: ["mysql", "mariadbd --no-defaults --version; mariadb --no-defaults --version", /Ver 11.*mariadb from 11/s],
  rabbitmq: ["rabbitmq", "rabbitmqctl version", /^4\./m],
  memcached: ["memcached", "memcached --version", /memcached 1\./],
  haproxy: ["root", "haproxy -vv; id -u haproxy", /HAProxy version 3.*OpenSSL.*^42454$/ms],
  keepalived: ["root", "keepalived --version 2>&1; /check_alive.sh", /Keepalived v2/],
  "valkey-server": ["valkey", "valkey-server --version", /Valkey server v=8/],
  "valkey-sentinel": ["valkey", "valkey-sentinel --version", /Valkey server v=8/],
  cron: [
    "root",
    "logrotate --debug /etc/logrotate.conf 2>&1; which cron",
    /rotating pattern: \/var\/log\/kolla.*cron$/ms,
  ],
  rsyslog: ["rsyslog", "rsyslogd -N1 2>&1", /End of config validation run/],
  iscsid: ["root", "iscsid --version; iscsiadm --version", /iscsid version 2.*iscsiadm version 2/s],
  tgtd: ["root", "tgtd --version; tgtadm --version", /^1\..*^1\./ms],
  "openvswitch-db-server": [
    "root",
    "mkdir -p /run/openvswitch; KOLLA_BOOTSTRAP= bash -ec '. kolla_extend_start'; ovsdb-tool db-name /var/lib/openvswitch/conf.db",
    /^Open_vSwitch$/m,
  ],
  "openvswitch-vswitchd": [
    "root",
    "ovs-vswitchd --version; ovs-vsctl --version",
    /ovs-vswitchd .* 3\.5.*ovs-vsctl .* 3\.5/s,
  ],
  "ovn-controller": ["root", "ovn-controller --version", /ovn-controller 25\./],
  "ovn-northd": ["root", "ovn-northd --version", /ovn-northd 25\./],
  "ovn-nb-db-server": ["root", ovnDatabase("nb"), /^OVN_Northbound$/m],
  "ovn-sb-db-server": ["root", ovnDatabase("sb"), /^OVN_Southbound$/m],

  keystone: ["keystone", `keystone-manage --version; ${python("keystone.server.wsgi")}`, /^27\..*imported/ms],
  "glance-api": [
    "glance",
    // botocore's data is pruned: a client shows that what S3 needs is left.
    `glance-manage --version; python3 -c '
import glance.common.wsgi_app, glance_store._drivers.rbd, glance_store._drivers.swift.store, boto3
print(boto3.client("s3", "r", endpoint_url="http://s3", aws_access_key_id="a", aws_secret_access_key="b").meta.endpoint_url)'`,
    /^30\..*^http:\/\/s3$/ms,
  ],
  "placement-api": ["placement", `placement-manage --version; ${python("placement.wsgi")}`, /^13\..*imported/ms],
  "nova-api": [
    "nova",
    `nova-manage --version; ${python("nova.api.openstack.wsgi_app", "nova.api.metadata.wsgi_app")}`,
    /^31\./m,
  ],
  "nova-scheduler": ["nova", "nova-scheduler --version", /^31\./m],
  "nova-conductor": ["nova", "nova-conductor --version", /^31\./m],
  "nova-compute": [
    "nova",
    `nova-compute --version; ${python("libvirt", "rbd", "nova.virt.libvirt.driver", "vif_plug_ovs.ovs")}; qemu-img --version;
     ovs-vsctl --version; rbd --version; iscsiadm --version; ls /usr/share/qemu/firmware/*.json | head -1; sudo -nl`,
    /^31\..*imported.*qemu-img.*ovs-vsctl.*ceph version.*iscsiadm.*firmware.*nova-rootwrap/ms,
  ],
  "nova-novncproxy": ["nova", "nova-novncproxy --version; ls /usr/share/novnc/vnc_lite.html", /^31\..*vnc_lite/ms],
  "nova-libvirt": [
    "root",
    "libvirtd --version; virtlogd --version; virsh --version; qemu-system-x86_64 --version; swtpm --version; ls /usr/share/OVMF; ovs-vsctl --version; id nova",
    /libvirtd.* 11.*virtlogd.* 11.*QEMU emulator.*TPM emulator.*OVMF_CODE.*ovs-vsctl.*42436/s,
  ],
  "nova-ssh": [
    "root",
    "ssh-keygen -A; mkdir -p /run/sshd; sshd -t && sshd -V 2>&1; getent passwd nova",
    /OpenSSH_.*42436.*bash/s,
  ],
  "neutron-server": [
    "neutron",
    `neutron-server --version; ${python("neutron.plugins.ml2.plugin", "neutron.plugins.ml2.drivers.ovn.mech_driver.mech_driver")}; ls /usr/bin/neutron-api /usr/bin/neutron-rpc-server /usr/bin/neutron-periodic-workers /etc/neutron/api-paste.ini`,
    /26\..*imported.*api-paste.*neutron-api.*periodic-workers.*rpc-server/s,
  ],
  "neutron-openvswitch-agent": [
    "neutron",
    "neutron-openvswitch-agent --version; ovs-vsctl --version; ovs-ofctl --version; iptables --version; sudo -nl",
    /26\..*ovs-vsctl.*ovs-ofctl.*nf_tables.*neutron-rootwrap-daemon/s,
  ],
  "neutron-dhcp-agent": [
    "neutron",
    "neutron-dhcp-agent --version; dnsmasq --version; haproxy -v; which dhcp_release ip",
    /26\..*Dnsmasq.*HAProxy.*dhcp_release/s,
  ],
  "neutron-l3-agent": [
    "neutron",
    "neutron-l3-agent --version; keepalived --version; radvd --version; conntrack --version; which ipset arping neutron-keepalived-state-change",
    /26\..*conntrack.*ipset.*arping.*state-change.*Keepalived.*Version/s,
  ],
  "neutron-metadata-agent": ["neutron", "neutron-metadata-agent --version; haproxy -v", /26\..*HAProxy/s],
  "neutron-ovn-metadata-agent": ["neutron", "neutron-ovn-metadata-agent --version; haproxy -v", /26\..*HAProxy/s],
  "neutron-ovn-agent": ["neutron", "neutron-ovn-agent --version", /26\./],
  "cinder-api": [
    "cinder",
    `cinder-manage --version; ${python("cinder.wsgi.wsgi")}; ls /etc/cinder/api-paste.ini`,
    /26\..*api-paste/s,
  ],
  "cinder-scheduler": ["cinder", "cinder-scheduler --version", /26\./],
  "cinder-volume": [
    "cinder",
    `cinder-volume --version; ${python("cinder.volume.drivers.lvm", "cinder.volume.drivers.rbd", "rtslib_fb")}; rbd --version; which lvs thin_check tgtadm mount.nfs nvme multipath targetcli; tgt-admin --help; head -1 /etc/tgt/targets.conf; sudo -nl`,
    /26\..*imported.*ceph version.*lvs.*thin_check.*tgtadm.*mount.nfs.*nvme.*multipath.*targetcli.*include \/var\/lib\/cinder\/volumes.*cinder-rootwrap/s,
  ],
  "cinder-backup": [
    "cinder",
    `cinder-backup --version; ${python("cinder.backup.drivers.s3", "cinder.backup.drivers.swift", "cinder.backup.drivers.nfs", "cinder.backup.drivers.gcs", "cinder.backup.drivers.ceph")}; rbd --version`,
    /26\..*imported.*ceph version/s,
  ],
  "heat-api": [
    "heat",
    `heat-manage --version; ${python("heat.api.openstack.wsgi")}; ls /etc/heat/api-paste.ini`,
    /24\..*imported.*api-paste/s,
  ],
  "heat-api-cfn": ["heat", python("heat.api.cfn.wsgi"), imported],
  "heat-engine": [
    "heat",
    `heat-engine --version; ${python("heat.engine.service")}; ls /etc/heat/environment.d`,
    /24\..*imported.*default.yaml/s,
  ],
  horizon: ["horizon", loginPage, /^200 \/auth\/login\/\n(200 \/static\/\S+\n){3,}/m],
}

const all = await loadImages(new URL("../../../../images", import.meta.url).pathname)
const here = await builtImages(docker)
const ran = [...all.values()].filter(({ definition }) => definition.health && !definition.lab)

describe("images that run", () => {
  it("each have a proof", () => {
    expect(Object.keys(proofs).sort()).toEqual(ran.map(({ definition }) => definition.name).sort())
  })

  // Those that were built in this run: building all takes longer than the rest of the tests.
  for (const { definition, reference } of ran.filter((recipe) => here.has(recipe.reference))) {
    it(definition.name, async () => {
      const [user, command, says] = proofs[definition.name]!
      const script = `id -un; ls -d ${identities} 2> /dev/null; ${command}\ntrue`
      const { stdout, stderr } = await run("docker", [
        ...["run", "--rm", "--network", "none", "--entrypoint", "/bin/bash", reference, "-c", script],
      ])
      expect(stdout.split("\n")[0]).toBe(user)
      expect(stdout.split("\n")[1], "an identity that every host would share").not.toMatch(/^\/etc/)
      expect(`${stdout}${stderr}`).toMatch(says)
    })
  }
})
