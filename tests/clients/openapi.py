"""Tests a running server against its own OpenAPI document, with schemathesis.

As nobody, as a user, as the administrator and as a program: requests of every operation with good and bad parameters,
and series of them that follow what the answers name. No answer may be a server's error, of a status, type or schema that
the document does not know, or a yes to what the document forbids. README.md says how to run it.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import requests

BASE_URL = os.environ.get("BASE_URL", "http://127.0.0.1:3000")
ADMIN = (os.environ.get("ADMIN_USER", "admin"), os.environ.get("ADMIN_PASS", "admin"))
EXAMPLES = os.environ.get("EXAMPLES", "5")

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
]
# A stream has no end that a test could wait for; who has codes mailed cannot sign in without reading mail; and wrong
# guesses at a password or a code lock their user.
LEFT_OUT = [
    "/api/v2/sessions/stream",
    "/api/v1/users.2fa.enableEmail",
    "/api/v2/me/factors/mail",
    "/api/v2/me/password",
    "/api/v2/me/factors/totp/confirm",
    "/api/v2/me/emails/confirm",
]

passed = failed = 0


def check(name, command, **environment):
    """Runs a command, and prints a line of what came of it; all that it said, when it failed."""
    global passed, failed
    here = str(Path(__file__).parent)
    environment = {**os.environ, "PYTHONPATH": here, "SCHEMATHESIS_HOOKS": "openapi.hooks", **environment}
    # Where it runs it leaves what it remembers.
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    said = done.stdout.splitlines()
    count = next((line.strip() for line in said if "generated" in line), "")
    number = passed + failed + 1
    if done.returncode == 0:
        passed += 1
        print(f"ok {number} - {name}: {count}")
        return
    failed += 1
    print(f"not ok {number} - {name}: {count}")
    for line in said + done.stderr.splitlines():
        print(f"#   {line}")


def conforms(name, *arguments, **caller):
    schemathesis = [sys.executable, "-m", "schemathesis.cli", "run", f"{BASE_URL}/api/openapi.json"]
    left_out = [part for path in LEFT_OUT for part in ("--exclude-path", path)]
    bounds = ["--max-examples", EXAMPLES, "--generation-deterministic", "--no-color", "--warnings", "off"]
    what = ["--phases", "examples,coverage,fuzzing,stateful", "--checks", ",".join(CHECKS), "--continue-on-failure"]
    check(name, [*schemathesis, *left_out, *bounds, *what, *arguments], **caller)


def as_administrator(path, body):
    """Has something made."""
    login = requests.post(f"{BASE_URL}/api/v1/login", json={"user": ADMIN[0], "password": ADMIN[1]}).json()["data"]
    headers = {"X-User-Id": login["userId"], "X-Auth-Token": login["authToken"]}
    headers |= {"x-2fa-method": "password", "x-2fa-code": hashlib.sha256(ADMIN[1].encode()).hexdigest()}
    answer = requests.post(f"{BASE_URL}/api/{path}", json=body, headers=headers)
    answer.raise_for_status()
    return answer.json()


def make_user():
    """A user that the server has for this run, with its password."""
    name, password = f"acc-{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    user = {"name": name, "username": name, "email": f"{name}@example.org", "password": password, "verified": True}
    as_administrator("v1/users.create", user)
    return name, password


for version in ["v1", "v2"]:
    # Anew: an administrator's tests may do away with the one before.
    user = make_user()
    conforms(f"{version} as nobody", "--include-tag", version)
    conforms(f"{version} as a user", "--include-tag", version, CALLER_USER=user[0], CALLER_PASS=user[1])
    conforms(f"{version} as an administrator", "--include-tag", version, CALLER_USER=ADMIN[0], CALLER_PASS=ADMIN[1])
SCOPES = ["view-device-management", "logout-device-management", "view-audit", "introspect-tokens"]
made = as_administrator("v2/service-tokens", {"name": "openapi", "scopes": SCOPES})
conforms("v2 as a program", "--include-tag", "v2", CALLER_TOKEN=made["secret"])

print(f"{passed} passed, {failed} failed")
sys.exit(0 if failed == 0 else 1)
