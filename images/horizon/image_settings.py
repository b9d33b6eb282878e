# Where this image has the static files that were collected and compressed when it was built.
STATIC_ROOT = "/var/lib/openstack-dashboard/static"
COMPRESS_OFFLINE = True
DEBUG = False
