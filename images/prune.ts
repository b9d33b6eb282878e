/** What packages bring and no container of ours reads: patterns for `prune` of image definitions. */

const python = "/usr/lib/python3/dist-packages"
const library = "/usr/lib/*-linux-gnu"

/** Unit tests of Python libraries, and their translations. */
export const libraryExtras = [
  ...["*/tests", "*/*/tests", "*/*/*/tests"].map((path) => `${python}/${path}`),
  `${python}/*/locale`,
]

/** 45 MB of Perl's modules; `perl-base`, which dpkg and debconf run on, keeps its own elsewhere. */
export const perlModules = ["/usr/share/perl/5*", `${library}/perl/5*`]

/** Perl as a whole. Not where keepalived is: it links libperl, by way of SNMP. */
export const fullPerl = [...perlModules, `${library}/libperl.so.5*`]

/** Graphviz with fonts and picture codecs, by which networkx could draw what taskflow never asks it to. */
export const graphviz = [
  ...[
    "aom",
    "SvtAv1Enc",
    "dav1d",
    "rav1e",
    "gav1",
    "heif",
    "de265",
    "yuv",
    "avif",
    "gvc",
    "gvpr",
    "lab_gamut",
    "cairo",
  ],
  ...["pango", "harfbuzz", "tiff", "LLVM"],
]
  .map((name) => `${library}/lib${name}*`)
  .concat(
    `${library}/graphviz`,
    `${library}/libheif`,
    "/usr/share/graphviz",
    "/usr/share/fonts",
    "/usr/share/fontconfig",
    // It names the fonts' folders with their times.
    "/var/cache/fontconfig",
  )

/** X11 comes with the clipboard of python3-cmd2, which only the clients' interactive shells use. */
export const x11 = [...["X*", "xcb*", "ICE", "SM"].map((name) => `${library}/lib${name}.so*`), "/usr/share/X11"]

/** udev's names of hardware and systemd itself: open-iscsi depends on them, and the host's do the work. */
export const hostDaemons = ["/usr/lib/udev/hwdb.d", "/usr/lib/udev/hwdb.bin", "/usr/lib/systemd/systemd*"]

/** What packages' scripts make up at random, once for everybody who runs the image; each host must have its own. */
export const identities = [
  ...["/etc/machine-id", "/var/lib/dbus/machine-id", "/etc/iscsi/initiatorname.iscsi", "/etc/nvme/host*"],
  ...["/etc/ssh/ssh_host_*", "/etc/ssl/private/ssl-cert-snakeoil.key", "/etc/ssl/certs/ssl-cert-snakeoil.pem"],
]

/** The gateway to S3 and what only it needs, among them 37 MB of Unicode tables: nova depends on all of Ceph's Python modules. */
export const radosGateway = [`${library}/librgw.so*`, `${library}/libicu*`, `${python}/rgw.*`]

/** Firmware for machines of other architectures. */
export const foreignFirmware = [
  "hppa*",
  "openbios*",
  "opensbi*",
  "palcode*",
  "s390*",
  "skiboot*",
  "slof*",
  "u-boot*",
  "petalogix*",
].map((name) => `/usr/share/qemu/${name}`)

/** API descriptions of Amazon's services other than `s3` and `sts`: glance and cinder need no more. The slash keeps files. */
export const botocore = ["[!s]*", "s[!3t]*", "s3?*", "st[!s]*"].map((path) => `${python}/botocore/data/${path}/`)

/** Descriptions of Google's other services: cinder backs up to its object storage. */
export const googleApis = ["[!s]*", "s[!t]*"].map(
  (path) => `${python}/googleapiclient/discovery_cache/documents/${path}`,
)
