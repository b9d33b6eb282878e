"""Heat's own login, of [ec2authtoken], for what Keystone does for nobody else: to validate the signature of a request."""

from keystoneauth1 import loading
from keystoneauth1 import session
from oslo_config import cfg

GROUP = "ec2authtoken"
loading.register_auth_conf_options(cfg.CONF, GROUP)
known = {}


def headers(ssl):
    """The token's header; none where the configuration names no user."""
    if "session" not in known:
        auth = loading.load_auth_from_conf_options(cfg.CONF, GROUP)
        known["session"] = session.Session(auth=auth, **ssl)
    return known["session"].get_auth_headers() if known["session"].auth else {}
