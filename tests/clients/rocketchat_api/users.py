"""Users: listed by the client's own pager, looked up, made once only."""

from dataclasses import replace

from .expect import CODE_WANTED, refused, same, thrown
from .harness import check
from .scene import code, rows_of_user, scene, user


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

    @check("a user is changed in what is said, and the lists know them by the new name at once")
    def _():
        old, new = user.username, replace(user, username=f"{user.username}-new")
        answer = scene.admin.users_update(user.id, username=new.username, name=new.name, email=new.email)
        same(answer["success"], True, "success")
        changed = answer["user"]
        same((changed["_id"], changed["username"], changed["name"]), (new.id, new.username, new.name))
        same([email["address"] for email in changed["emails"]], [new.email], "the addresses")
        user.username = new.username
        same(len(rows_of_user()), 2, "the number of rows")
        refused((400, "User not found.", None), scene.admin.users_info, username=old)

    @check("users change themselves with a second factor, and nobody else, whatever they give")
    def _():
        refused(CODE_WANTED, scene.phone.users_update, user.id, nickname="Zoe")
        with code(scene.phone, user.password):
            same(scene.phone.users_update(user.id, nickname="Zoe")["user"]["nickname"], "Zoe", "nickname")
        wanted = thrown("Editing user is not allowed", "error-action-not-allowed")
        refused(wanted, scene.phone.users_update, scene.admin.headers["X-User-Id"], nickname="Zoe")
        refused(wanted, scene.phone.users_update, user.id, roles=["admin"])
