"""Sessions end: by an administrator, by their user, by deactivation, by logout."""

from .expect import NO_SUCH_SESSION, NOT_SIGNED_IN, is_date, is_page, refused, same
from .harness import check, essential
from .scene import list_all, rows_of_user, scene, user
from .wire import client
from .workspace import EDGE_ON_WINDOWS, IPHONE, SAFARI_ON_MAC


def ending():
    @essential("the administrator ends the Mac's session")
    def _():
        session_id = scene.mac_row["sessionId"]
        answer = scene.admin.call_api_post("sessions/logout", sessionId=session_id)
        same(answer, {"sessionId": session_id, "success": True})

    @check("its token is refused, the other one works, its row is gone, and it ends only once")
    def _():
        refused(NOT_SIGNED_IN, scene.mac.me)
        same(scene.phone.me()["username"], user.username, "username")
        same(rows_of_user(), [scene.phone_row["sessionId"]], "the rows")
        again = scene.mac_row["sessionId"]
        refused(NO_SUCH_SESSION, scene.admin.call_api_post, "sessions/logout", sessionId=again)

    @check("the user ends an own session by a form, as this client sends them beside files")
    def _():
        extra = client(SAFARI_ON_MAC.user_agent, user.username, user.password)
        session_id = extra.call_api_get("sessions/list")["sessions"][0]["sessionId"]
        answer = scene.phone.call_api_post("sessions/logout.me", use_json=False, sessionId=session_id)
        same(answer, {"sessionId": session_id, "success": True})
        refused(NOT_SIGNED_IN, extra.me)

    @check("logoutOtherClients and removeOtherTokens end the user's other sessions, never the calling one")
    def _():
        for path in ("users.logoutOtherClients", "users.removeOtherTokens"):
            other = client(EDGE_ON_WINDOWS.user_agent, user.username, user.password)
            answer = scene.phone.call_api_post(path)
            same(answer["success"], True, "success")
            if path == "users.logoutOtherClients":
                same(answer["token"], scene.phone.headers["X-Auth-Token"], "token")
                is_date(answer["tokenExpires"], "tokenExpires")
            refused(NOT_SIGNED_IN, other.me)
            same(rows_of_user(), [scene.phone_row["sessionId"]], "the rows")

    @check("users.logout signs a user out everywhere")
    def _():
        answer = scene.admin.call_api_post("users.logout", userId=user.id)
        same(answer, {"message": f"User {user.id} has been logged out!", "success": True})
        refused(NOT_SIGNED_IN, scene.phone.me)
        is_page(list_all(filter=user.username), total=0)
        same(scene.automation.me()["username"], user.username, "who has the personal token")

    @check("a password set by an administrator ends all tokens, and is the one that signs in")
    def _():
        before = client(SAFARI_ON_MAC.user_agent, user.username, user.password)
        user.password = f"{user.password}-new"
        scene.admin.users_update(user.id, password=user.password)
        refused(NOT_SIGNED_IN, before.me)
        refused(NOT_SIGNED_IN, scene.automation.me)
        scene.phone = client(IPHONE.user_agent, user.username, user.password)

    @check("deactivation ends what is left")
    def _():
        answer = scene.admin.users_set_active_status(user.id, False)
        same(answer["user"], {"_id": user.id, "active": False}, "user")
        refused(NOT_SIGNED_IN, scene.phone.me)
        is_page(list_all(filter=user.username), total=0)


def leaving():
    """Runs also after a failure, so that nothing stays behind."""
    if user.id:

        @check("the user is deleted")
        def _():
            same(scene.admin.users_delete(user.id), {"success": True, "deletedRooms": []})
            refused((400, "User not found.", None), scene.admin.users_info, user_id=user.id)

    if scene.admin:

        @check("logout ends the administrator's own token")
        def _():
            wanted = {"status": "success", "data": {"message": "You've been logged out!"}, "success": True}
            same(scene.admin.logout(), wanted)
            refused(NOT_SIGNED_IN, scene.admin.me)
