# Stands in until a site's settings are laid down over it, and while the image is built. Nothing here needs another service:
# compressing leaves out scripts, without an error, when it cannot reach the cache.
from horizon.utils import secret_key

ALLOWED_HOSTS = ["127.0.0.1"]
SECRET_KEY = secret_key.generate_or_read_from_file("/var/lib/openstack-dashboard/secret-key/key")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
