"""What must hold for every answer of the run, whatever it answered."""

import json
import re

from .harness import check
from .wire import heard

_NAMES = re.compile(r'"(loginToken|hashedToken|authToken|hash|bcrypt|argon2|secret)":', re.IGNORECASE)
_HASHES = re.compile(r"\$(2[abxy]|argon2\w*|scrypt|pbkdf2[\w-]*)\$")


def looking_back():
    if not heard:
        return

    @check("every answer was application/json and never to be stored")
    def _():
        for answer in heard:
            told = tuple(answer.headers.get(name) for name in ("Content-Type", "Cache-Control", "Pragma"))
            wanted = ("application/json", "no-store", "no-cache")
            assert told == wanted, f"{answer.request.path_url} ({answer.status_code}) says {told}"

    @check("no answer but a sign-in's own showed a token, a password or a hash")
    def _():
        for answer in heard:
            body = answer.json()
            if answer.request.path_url == "/api/v1/login":
                body.get("data", {}).pop("authToken", None)
            shown = json.dumps(body)
            assert not _NAMES.search(shown) and not _HASHES.search(shown), answer.request.path_url
