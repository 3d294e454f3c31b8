"""Users: listed by the client's own pager, looked up, made once only."""

from .expect import refused, same, thrown
from .harness import check
from .scene import scene, user


def users():
    @check("the client's pager walks users.list, from page to page")
    def _():
        names = [found["username"] for found in scene.admin.users_list(count=1, max_count=3)]
        assert 2 <= len(names) <= 3, f"there are the administrator and the user, but it found {names}"
        same(sorted(set(names), key=str.casefold), names, "names, each once and in order,")

        page = scene.admin.call_api_get("users.list", offset=1, count=1)
        same((page["count"], page["offset"]), (1, 1), "count, offset")
        same(page["users"][0]["username"], names[1], "the second user")
        assert page["total"] >= len(names), page["total"]

    @check("a user is looked up by id, name and address")
    def _():
        for name in ({"user_id": user.id}, {"username": user.username}, {"email": user.email}):
            found = scene.admin.users_info(**name)
            same((found["success"], found["user"]["_id"]), (True, user.id))
        refused((400, "User not found.", None), scene.admin.users_info, username=f"{user.username}-nobody")

    @check("others see less of a user, and a dangling ? and a Python boolean hurt nobody")
    def _():
        admin_id = scene.admin.headers["X-User-Id"]
        seen = scene.phone.users_info(user_id=admin_id, includeUserRooms=True)["user"]
        assert "emails" not in seen and "roles" not in seen, seen
        same(scene.phone.users_info(user_id=user.id)["user"]["canViewAllInfo"], True, "canViewAllInfo of oneself")

    @check("a name and an address are good for one user")
    def _():
        for taken in ({"username": user.username.upper()}, {"email": user.email.upper()}):
            wanted = thrown(f"{next(iter(taken.values()))} is already in use :(", "error-field-unavailable")
            fields = {"email": f"other-{user.email}", "username": f"{user.username}-other", **taken}
            refused(wanted, scene.admin.users_create, name="Other", password="any", **fields)
