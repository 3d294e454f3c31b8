"""What a run brings with it: the administrator's name and password, devices, and a throw-away user."""

import hashlib
import os
import secrets
from dataclasses import dataclass, field

ADMIN_USER = os.environ.get("ADMIN_USER", "admin")
ADMIN_PASS = os.environ.get("ADMIN_PASS", "admin")

# An id that no session and no user has.
NOBODYS_ID = "a" * 17


@dataclass(frozen=True)
class Device:
    """A User-Agent header, and the `device` that the server must read from it."""

    user_agent: str
    read_as: dict


EDGE_ON_WINDOWS = Device(
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36 "
    "Edg/124.0.2478.51",
    {
        "type": "browser",
        "name": "Edge",
        "longVersion": "124.0.2478.51",
        "version": "124.0.2478",
        "os": {"name": "Windows", "version": "10"},
    },
)
SAFARI_ON_MAC = Device(
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4.1 "
    "Safari/605.1.15",
    {
        "type": "browser",
        "name": "Safari",
        "longVersion": "17.4.1",
        "version": "17.4.1",
        "os": {"name": "Mac OS", "version": "10.15.7"},
    },
)
IPHONE = Device(
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Mobile/15E148 Safari/604.1",
    {
        "type": "mobile",
        "name": "Mobile Safari",
        "longVersion": "17.5",
        "version": "17.5",
        "os": {"name": "iOS", "version": "17.5.1"},
    },
)


@dataclass
class Newcomer:
    """An account that nobody has yet. The client takes only addresses with a short last part for one."""

    username: str = field(default_factory=lambda: f"acc-py-{secrets.token_hex(5)}")
    password: str = field(default_factory=lambda: f"Pw-{secrets.token_hex(12)}")
    id: str = ""

    @property
    def name(self):
        return f"Acc {self.username}"

    @property
    def email(self):
        return f"{self.username}@example.com"


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()
