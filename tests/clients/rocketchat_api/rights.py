"""Who may do what: refusals, roles, permissions. A change holds at the very next request."""

from .expect import CODE_WANTED, NOT_PERMITTED, NOT_PERMITTED_OLDER, NOT_SIGNED_IN, is_date, refused, same, thrown
from .harness import check
from .scene import scene, user
from .wire import client
from .workspace import SAFARI_ON_MAC

LIST_ALL = "sessions/list.all"


def refusing():
    @check("a user without the permission is refused, whatever else is wrong, and never asked for a code")
    def _():
        refused(NOT_PERMITTED, scene.phone.call_api_get, LIST_ALL)
        refused(NOT_PERMITTED, scene.phone.call_api_get, LIST_ALL, nonsense=1)
        refused(NOT_PERMITTED, scene.phone.call_api_post, "sessions/logout", sessionId=scene.mac_row["sessionId"])
        refused(NOT_PERMITTED, scene.phone.permissions_update, [])
        refused(NOT_PERMITTED_OLDER, scene.phone.users_delete, user.id)

    @check("a token belongs to its user's id, and nobody is nobody")
    def _():
        token = scene.phone.headers["X-Auth-Token"]
        others = client(SAFARI_ON_MAC.user_agent, auth_token=token, user_id=scene.admin.headers["X-User-Id"])
        refused(NOT_SIGNED_IN, others.me)
        refused(NOT_SIGNED_IN, client(SAFARI_ON_MAC.user_agent).call_api_get, LIST_ALL)


def ruling():
    @check("roles are listed, the protected ones as such")
    def _():
        roles = {role["_id"]: role for role in scene.phone.roles_list()["roles"]}
        for name in ("admin", "user", "bot", "app", "guest", "anonymous", "moderator", "leader", "owner"):
            same(roles[name]["protected"], True, f"protected of {name}")
            same(roles[name]["name"], name, "name")

    @check("a user made administrator is one at the next request, and no more when it is taken back")
    def _():
        answer = scene.admin.roles_add_user_to_role("admin", user.username)
        same((answer["success"], answer["role"]["_id"]), (True, "admin"))
        refused(CODE_WANTED, scene.phone.call_api_get, LIST_ALL)
        already = thrown("User already in role", "error-user-already-in-role")
        refused(already, scene.admin.roles_add_user_to_role, "admin", user.username)
        answer = scene.admin.roles_remove_user_from_role("admin", user.username)
        same(answer["success"], True, "success")
        refused(NOT_PERMITTED, scene.phone.call_api_get, LIST_ALL)

    @check("a user cannot raise themselves, and nobody is put into a role that is none")
    def _():
        wanted = thrown("Accessing permissions is not allowed", "error-action-not-allowed")
        refused(wanted, scene.phone.roles_add_user_to_role, "admin", user.username)
        wanted = thrown("Role not found", "error-role-not-found")
        refused(wanted, scene.admin.roles_add_user_to_role, "no-such-role", user.username)

    @check("a permission given to a role is held at the next request, and gone when it is taken back")
    def _():
        before = assigned("view-device-management")
        update(["view-device-management"], [*before, "user"])
        refused(CODE_WANTED, scene.phone.call_api_get, LIST_ALL)
        update(["view-device-management"], before)
        refused(NOT_PERMITTED, scene.phone.call_api_get, LIST_ALL)

    @check("permissions change all or not at all")
    def _():
        before = assigned("view-device-management")
        wanted = thrown("Invalid permission", "error-invalid-permission")
        both = [{"_id": name, "roles": [*before, "user"]} for name in ("view-device-management", "no-such")]
        refused(wanted, scene.admin.permissions_update, both)
        same(assigned("view-device-management"), before, "the roles")


def assigned(permission):
    """The roles that hold it."""
    answer = scene.admin.permissions_list_all()
    same((answer["success"], answer["remove"]), (True, []), "success, remove")
    found = {row["_id"]: row for row in answer["update"]}[permission]
    is_date(found["_updatedAt"], "_updatedAt")
    return found["roles"]


def update(permissions, roles):
    answer = scene.admin.permissions_update([{"_id": name, "roles": roles} for name in permissions])
    same(answer["success"], True, "success")
    found = {row["_id"]: row["roles"] for row in answer["permissions"]}
    for name in permissions:
        same(sorted(found[name]), sorted(roles), name)
