import { defineService } from "../../src/deploy/service.ts"
import { hostPort } from "../../src/util/host-port.ts"
import { initiatorVolume, targetAddress, volumesByIscsi } from "../common/iscsi.ts"
import { logVolume } from "../common/openstack.ts"

/** Of iSCSI's targets (RFC 7143 §13.1, assigned by IANA). */
const port = 3260
/** Sessions, device nodes and sockets are the host's own: cinder-volume tells tgtd by one what to export. */
const hostVolumes = [logVolume, "/dev/:/dev/", "/run:/run:shared"]

/** How volumes of cinder's LVM backend get from the host that has them to the one that needs them. */
export default defineService({
  name: "iscsi",
  summary: "volumes over iSCSI, for cinder's LVM backend",
  group: ["storage", "compute"],
  enabled: volumesByIscsi,
  containers: [
    {
      name: "iscsid",
      image: "iscsid",
      each: true,
      access: {
        user: "root",
        // Memory is locked: a session must not wait for a page that is on its own disk.
        capabilities: ["NET_ADMIN", "SYS_ADMIN", "SYS_MODULE", "IPC_LOCK"],
        allDevices: true,
        namespaces: ["ipc"],
        unconfined: true,
      },
      command: () => "iscsid --foreground",
      volumes: [...hostVolumes, initiatorVolume, "/sys:/sys", "/lib/modules:/lib/modules:ro"],
      kernel: () => ["iscsi_tcp"],
      healthy: () => ["pgrep", "-x", "iscsid"],
    },
    {
      name: "tgtd",
      image: "tgtd",
      // Where cinder_volume is.
      group: "storage",
      access: { user: "root", capabilities: ["SYS_ADMIN", "IPC_LOCK"], allDevices: true, namespaces: ["ipc"] },
      command: (context) => `tgtd --foreground --iscsi portal=${hostPort(targetAddress(context), port)}`,
      volumes: hostVolumes,
      listens: [port],
      healthy: () => ["tgtadm", "--lld", "iscsi", "--mode", "system", "--op", "show"],
    },
  ],
})
