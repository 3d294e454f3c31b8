"""The list of all sessions, one of them, and what the user sees of their own."""

from .expect import NO_SUCH_SESSION, UNKNOWN_NAME, is_date, is_page, is_row, refused, same, thrown
from .harness import check
from .scene import list_all, rows_of_user, scene, user
from .workspace import IPHONE, NOBODYS_ID, SAFARI_ON_MAC


def listing():
    @check("rows say whose they are, from which device and host, and since when")
    def _():
        for row, device in ((scene.mac_row, SAFARI_ON_MAC), (scene.phone_row, IPHONE)):
            is_row(row, user, device)
            same(row["_user"], {"username": user.username, "name": user.name}, "_user")
            assert "loginToken" not in row, "the token is never shown"

    @check("sort, offset and count cut the sorted whole, and total stays")
    def _():
        sort = '{"device.os.name":-1}'
        for offset, row in enumerate((scene.phone_row, scene.mac_row)):
            page = list_all(filter=user.username, sort=sort, offset=offset, count=1)
            is_page(page, count=1, offset=offset, total=2)
            same(page["sessions"], [row], "the rows")
        is_page(list_all(filter=user.username, offset=2), offset=2, total=2)

    @check("the newest comes first when nothing is said")
    def _():
        same(rows_of_user(), [scene.phone_row["sessionId"], scene.mac_row["sessionId"]])
        same(rows_of_user(sort='{"loginAt":1}'), [scene.mac_row["sessionId"], scene.phone_row["sessionId"]])

    @check("filter finds a session by its id in any case, devices by name, and nothing where nothing is")
    def _():
        found = list_all(filter=scene.phone_row["sessionId"].upper())
        same([row["sessionId"] for row in found["sessions"]], [scene.phone_row["sessionId"]])
        same(list_all(filter=f"{user.username}zzz")["total"], 0, "total")
        devices = list_all(filter="mobile safari", count=100)
        assert devices["total"] >= 1
        for row in devices["sessions"]:
            same(row["device"]["name"], "Mobile Safari", "device.name")

    @check("a parameter that is not listed is refused, and a list, which this client writes as filter[]=")
    def _():
        refused(UNKNOWN_NAME, scene.admin.call_api_get, "sessions/list.all", query="{}")
        wanted = (400, "must be string", "error-invalid-params")
        refused(wanted, scene.admin.call_api_get, "sessions/list.all", filter=[user.username])

    @check("a sort that makes no sense is refused")
    def _():
        wanted = thrown('Invalid sort parameter provided: "loginAt"', "error-invalid-sort")
        refused(wanted, scene.admin.call_api_get, "sessions/list.all", sort="loginAt")


def looking():
    @check("info.admin gives the list's row, flat, and 404 for an unknown id")
    def _():
        answer = scene.admin.call_api_get("sessions/info.admin", sessionId=scene.mac_row["sessionId"])
        same(answer, {**scene.mac_row, "success": True})
        refused(NO_SUCH_SESSION, scene.admin.call_api_get, "sessions/info.admin", sessionId=NOBODYS_ID)

    @check("the user's own list marks the calling session")
    def _():
        page = scene.phone.call_api_get("sessions/list", sort='{"device.os.name":1}')
        is_page(page, total=2)
        same([row["current"] for row in page["sessions"]], [False, True], "current")
        for row, device in zip(page["sessions"], (SAFARI_ON_MAC, IPHONE)):
            is_row(row, user, device)

    @check("info tells more of an own session, and nothing of a stranger's")
    def _():
        answer = scene.phone.call_api_get("sessions/info", sessionId=scene.mac_row["sessionId"])
        is_row(answer, user, SAFARI_ON_MAC)
        same((answer["type"], answer["roles"], answer["mostImportantRole"]), ("session", ["user"], "user"))
        for name in ("createdAt", "_updatedAt"):
            is_date(answer[name], name)
        own = scene.admin.call_api_get("sessions/list")["sessions"][0]
        refused(NO_SUCH_SESSION, scene.phone.call_api_get, "sessions/info", sessionId=own["sessionId"])
