"""How the tests sign in: as whoever CALLER_USER is, anew whenever a test has ended the session that it was called with."""

import hashlib
import os

import requests
import schemathesis

BASE_URL, USER, PASSWORD = (os.environ.get(name, "") for name in ("BASE_URL", "CALLER_USER", "CALLER_PASS"))
CODE = {"x-2fa-method": "password", "x-2fa-code": hashlib.sha256(PASSWORD.encode()).hexdigest()}

if token := os.environ.get("CALLER_TOKEN"):

    @schemathesis.auth(refresh_interval=None)
    class Token:
        """A token that no test can end."""

        def get(self, case, context):
            return {"Authorization": f"Bearer {token}"}

        def set(self, case, data, context):
            case.headers = {**(case.headers or {}), **data}

elif USER:

    @schemathesis.auth(refresh_interval=None)
    class Session:
        """A session, with the password as its second factor."""

        headers = None

        def get(self, case, context):
            if self.headers is None or requests.get(f"{BASE_URL}/api/v1/me", headers=self.headers).status_code != 200:
                answer = requests.post(f"{BASE_URL}/api/v1/login", json={"user": USER, "password": PASSWORD}).json()
                if "data" not in answer:
                    raise RuntimeError(f"{USER} cannot sign in: {answer}")
                data = answer["data"]
                Session.headers = {"X-User-Id": data["userId"], "X-Auth-Token": data["authToken"]}
            return {**self.headers, **CODE}

        def set(self, case, data, context):
            case.headers = {**(case.headers or {}), **data}

    @schemathesis.hook
    def filter_path_parameters(context, path_parameters):
        return is_of_another(path_parameters)

    @schemathesis.hook
    def filter_body(context, body):
        return is_of_another(body)


def is_of_another(parameters):
    """Whether a request is about others: one that locks its caller out ends the test, and finds nothing."""
    own = [USER, (Session.headers or {}).get("X-User-Id")]
    return not any(name and name in str(parameters) for name in own)
