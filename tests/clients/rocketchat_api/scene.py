"""The clients that every part of the run asks with, and the checks by which they come to be."""

import re
from contextlib import contextmanager

from rocketchat_API.APIExceptions.RocketExceptions import RocketAuthenticationException

from .expect import CODE_WANTED, CODE_WRONG, is_id, is_page, refused, same
from .harness import check, essential
from .wire import client
from .workspace import ADMIN_PASS, ADMIN_USER, EDGE_ON_WINDOWS, IPHONE, SAFARI_ON_MAC, Newcomer, sha256

# The throw-away user; `id` is there once the server has made them.
user = Newcomer()


class Scene:
    """Clients and rows by name, there once their checks have run."""

    admin = None  # the administrator's client, past step-up
    mac = None  # the user's two
    phone = None
    mac_row = None  # and their rows, as the list of all shows them
    phone_row = None
    automation = None  # a client with a personal token of the user


scene = Scene()


def signing_in():
    @essential("an administrator signs in through the client")
    def _():
        scene.admin = client(EDGE_ON_WINDOWS.user_agent, ADMIN_USER, ADMIN_PASS)
        me = scene.admin.me()
        same(me["success"], True, "success")
        same(me["username"].lower(), ADMIN_USER.lower(), "username")
        assert "admin" in me["roles"], me["roles"]

    @check("info is where this client looks for it, below /api/")
    def _():
        info = scene.admin.info()
        same(info["success"], True, "success")
        assert re.fullmatch(r"\d+\.\d+\.\d+", info["version"]), info["version"]
        same(info["info"]["version"], info["version"], "info.version")

    @essential("the administrator makes a user")
    def _():
        answer = scene.admin.users_create(user.email, user.name, user.password, user.username, verified=True)
        same(answer["success"], True, "success")
        made = answer["user"]
        user.id = made["_id"]
        is_id(user.id)
        same((made["username"], made["name"], made["active"]), (user.username, user.name, True))
        same(made["emails"], [{"address": user.email, "verified": True}], "emails")
        assert "services" not in made, "services is never sent"

    @essential("the user signs in by name on a Mac and by address on an iPhone")
    def _():
        scene.mac = client(SAFARI_ON_MAC.user_agent, user.username, user.password)
        scene.phone = client(IPHONE.user_agent, user.email, user.password)
        for one in (scene.mac, scene.phone):
            same(one.headers["X-User-Id"], user.id, "X-User-Id")
            same(one.me()["username"], user.username, "username")
        assert scene.mac.headers["X-Auth-Token"] != scene.phone.headers["X-Auth-Token"], "one token for two sign-ins"

    @check("a wrong password and an unknown name are what this client calls a failed authentication")
    def _():
        for name in (user.username, f"{user.username}-nobody"):
            try:
                client(SAFARI_ON_MAC.user_agent, name, "not the password")
            except RocketAuthenticationException:
                continue
            raise AssertionError(f"{name} signed in with a wrong password")


def stepping_up():
    @check("without a code the list of all is refused, and the refusal names the method")
    def _():
        refusal = refused(CODE_WANTED, scene.admin.call_api_get, "sessions/list.all")
        wanted = {"method": "password", "codeGenerated": False, "availableMethods": []}
        same(refusal.response_json["details"], wanted, "details")

    @check("a wrong code is refused")
    def _():
        with code(scene.admin, "not the password", "x-2fa-code"):
            refused(CODE_WRONG, scene.admin.call_api_get, "sessions/list.all")

    @essential("the right code opens the list, however its header is spelled")
    def _():
        with code(scene.admin, ADMIN_PASS, "X-2FA-Code"):
            is_page(list_all(filter=user.username), total=2)

    @essential("it stays open for this token without the code, and shows the two sign-ins")
    def _():
        page = list_all(filter=user.username, sort='{"device.os.name":1}')
        is_page(page, total=2)
        scene.mac_row, scene.phone_row = page["sessions"]


@contextmanager
def code(asker, password, header="x-2fa-code"):
    """A client sends a password as a second factor, for a while."""
    headers = {header: sha256(password), "x-2fa-method": "password"}
    asker.headers.update(headers)
    try:
        yield
    finally:
        for name in headers:
            del asker.headers[name]


def list_all(**query):
    """The administrator's list of all sessions."""
    return scene.admin.call_api_get("sessions/list.all", **query)


def rows_of_user(**query):
    """The throw-away user's session ids, in the order of the list of all."""
    return [row["sessionId"] for row in list_all(filter=user.username, **query)["sessions"]]
