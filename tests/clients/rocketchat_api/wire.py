"""Every call to the server under test goes through a `Wire`, which the published client is given for its own calls.

All answers are kept in `heard`, so that the last checks of a run can look at each of them, and so that the type checks
have them. A 429 is waited out by its X-RateLimit-Reset: the client hides the headers, and would only see a refusal.
"""

import json
import os
import time
from urllib.parse import urlsplit

import requests
from rocketchat_API.rocketchat import RocketChat

BASE_URL = os.environ.get("BASE_URL", "http://127.0.0.1:3000").rstrip("/")

_WAITS_MAX = 3
_WAIT_S_MAX = 65

# Every answer of this run.
heard = []


class Wire(requests.Session):
    """A session of `requests` that says which device it is, and keeps what it hears."""

    def __init__(self, user_agent):
        super().__init__()
        self.trust_env = False  # no proxy between: the server sees this machine's own address
        self.headers["User-Agent"] = user_agent

    def request(self, method, url, **options):
        for waits in range(_WAITS_MAX + 1):
            answer = super().request(method, url, **options)
            heard.append(answer)
            if answer.status_code != 429 or waits == _WAITS_MAX:
                return answer
            _wait_until(float(answer.headers["X-RateLimit-Reset"]))


def client(user_agent, user=None, password=None, **token):
    """The published client on a device: signed in with a password, with a token, or not at all."""
    return RocketChat(user, password, server_url=BASE_URL, session=Wire(user_agent), **token)


def keep_answers():
    """Writes what was heard into the folder ANSWERS, when there is one: a line of JSON for each answer."""
    folder = os.environ.get("ANSWERS")
    if not folder:
        return
    with open(os.path.join(folder, "rocketchat_api.jsonl"), "w", encoding="utf-8") as file:
        for answer in heard:
            json.dump(_kept(answer), file)
            file.write("\n")


def _kept(answer):
    request = answer.request
    return {
        "method": request.method,
        "path": urlsplit(request.url).path,
        "status": answer.status_code,
        "body": answer.json(),
    }


def _wait_until(reset_ms):
    # A reset in seconds would lie in 1970: nothing to wait for, and no way to go on.
    if reset_ms < 1e12:
        raise AssertionError(f"X-RateLimit-Reset of a 429 must be epoch milliseconds, not {reset_ms}")
    left_s = reset_ms / 1000 - time.time()
    print(f"#   too many requests: waiting {left_s:.0f} s", flush=True)
    time.sleep(min(max(left_s, 0) + 0.25, _WAIT_S_MAX))
