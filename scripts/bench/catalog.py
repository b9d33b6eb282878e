"""catalog.py FILE: enters what FILE (JSON) has of services, users and roles into an empty Keystone, over one connection."""

import http.client
import json
import sys
import time
from urllib.parse import urlsplit

with open(sys.argv[1], encoding="utf8") as file:
    wanted = json.load(file)
keystone = urlsplit(wanted["keystone"])
connection = http.client.HTTPConnection(keystone.hostname, keystone.port, timeout=60)
token = None


def ask(method, path, body=None):
    headers = {"content-type": "application/json"}
    if token:
        headers["x-auth-token"] = token
    connection.request(method, path, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status >= 300:
        raise RuntimeError(f"{method} {path}: {answer.status} {text[:200]}")
    return answer, json.loads(text) if text else {}


def make(kind, one, body):
    return ask("POST", f"/v3/{kind}", {one: body})[1][one]["id"]


login = {
    "identity": {
        "methods": ["password"],
        "password": {"user": {"name": "admin", "domain": {"id": "default"}, "password": wanted["password"]}},
    },
    "scope": {"project": {"name": "admin", "domain": {"id": "default"}}},
}
while True:
    try:
        answer, _ = ask("POST", "/v3/auth/tokens", {"auth": login})
        token = answer.getheader("x-subject-token")
        break
    except (OSError, http.client.HTTPException):
        connection.close()
        time.sleep(0.2)

ask("PUT", f"/v3/regions/{wanted['region']}", {"region": {}})
roles = {role["name"]: role["id"] for role in ask("GET", "/v3/roles")[1]["roles"]}
for role in wanted["roles"]:
    if role not in roles:
        roles[role] = make("roles", "role", {"name": role})
project = make("projects", "project", {"name": "service", "domain_id": "default"})
for user in wanted["users"]:
    made = make("users", "user", {**user, "domain_id": "default"})
    for role in ("admin", "service"):
        ask("PUT", f"/v3/projects/{project}/users/{made}/roles/{roles[role]}")
for domain in wanted["domains"]:
    home = make("domains", "domain", {"name": domain["name"]})
    made = make("users", "user", {**domain["admin"], "domain_id": home})
    ask("PUT", f"/v3/domains/{home}/users/{made}/roles/{roles['admin']}")
for service in wanted["services"]:
    made = make("services", "service", {"type": service["type"], "name": service["name"]})
    for interface in ("public", "internal"):
        endpoint = {"interface": interface, "region_id": wanted["region"], "service_id": made, "url": service["url"]}
        make("endpoints", "endpoint", endpoint)
