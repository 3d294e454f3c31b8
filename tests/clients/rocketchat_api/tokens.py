"""Personal access tokens: shown once, listed by name, good until they are removed, and no sessions."""

from .expect import CODE_WANTED, NOT_SIGNED_IN, is_date, refused, same, thrown
from .harness import check, essential
from .scene import code, rows_of_user, scene, user
from .wire import client
from .workspace import SAFARI_ON_MAC

GENERATE = "users.generatePersonalAccessToken"
REMOVE = "users.removePersonalAccessToken"


def tokens():
    made = {}

    @essential("a personal token is made with a second factor, and shown once")
    def _():
        elsewhere = client(SAFARI_ON_MAC.user_agent, auth_token=scene.phone.headers["X-Auth-Token"], user_id=user.id)
        refused(CODE_WANTED, elsewhere.call_api_post, GENERATE, tokenName="backup script")
        with code(elsewhere, user.password):
            answer = elsewhere.call_api_post(GENERATE, tokenName="backup script", bypassTwoFactor=False)
        same(answer["success"], True, "success")
        made["token"] = answer["token"]
        listed = scene.phone.call_api_get("users.getPersonalAccessTokens")
        same(listed["success"], True, "success")
        (row,) = listed["tokens"]
        is_date(row.pop("createdAt"), "createdAt")
        wanted = {"name": "backup script", "lastTokenPart": made["token"][-6:], "bypassTwoFactor": False}
        same(row, wanted, "the token")

    @check("it signs its user in without a session of its own")
    def _():
        script = client(SAFARI_ON_MAC.user_agent, auth_token=made["token"], user_id=user.id)
        same(script.me()["username"], user.username, "username")
        same(len(rows_of_user()), 2, "the number of rows")

    @check("one that bypasses the second factor is not asked for it, any other is")
    def _():
        script = client(SAFARI_ON_MAC.user_agent, auth_token=made["token"], user_id=user.id)
        refused(CODE_WANTED, script.users_update, user.id, nickname="Zoe")
        answer = scene.phone.call_api_post(GENERATE, tokenName="automation", bypassTwoFactor=True)
        scene.automation = client(SAFARI_ON_MAC.user_agent, auth_token=answer["token"], user_id=user.id)
        same(scene.automation.users_update(user.id, nickname="Zoe")["success"], True, "success")

    @check("a name is good for one token, and none is made without")
    def _():
        wanted = thrown("A token with this name already exists", "error-token-already-exists")
        refused(wanted, scene.phone.call_api_post, GENERATE, tokenName="backup script", bypassTwoFactor=True)
        refused((400, "The 'tokenName' param is required", None), scene.phone.call_api_post, GENERATE)

    @check("removed, it is refused, and cannot be removed again")
    def _():
        script = client(SAFARI_ON_MAC.user_agent, auth_token=made["token"], user_id=user.id)
        same(scene.phone.call_api_post(REMOVE, tokenName="backup script"), {"success": True})
        refused(NOT_SIGNED_IN, script.me)
        wanted = thrown("Token does not exist", "error-token-does-not-exists")
        refused(wanted, scene.phone.call_api_post, REMOVE, tokenName="backup script")
