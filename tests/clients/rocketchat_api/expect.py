"""What answers must look like: refusals to the letter, rows, pages, dates."""

import re

from rocketchat_API.APIExceptions.RocketExceptions import RocketApiException

from .wire import BASE_URL

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_ID = re.compile(r"[23456789A-HJ-NP-TW-Za-km-z]{17}")

NOT_SIGNED_IN = (401, "You must be logged in to do this.", None)
NOT_PERMITTED = (403, "User does not have the permissions required for this action [error-unauthorized]", None)
NOT_PERMITTED_OLDER = (403, "unauthorized", None)
NO_SUCH_SESSION = (404, "Session not found", None)
CODE_WANTED = (400, "TOTP Required [totp-required]", "totp-required")
CODE_WRONG = (400, "TOTP Invalid [totp-invalid]", "totp-invalid")
UNKNOWN_NAME = (400, "must NOT have additional properties", "error-invalid-params")


def thrown(sentence, code):
    """A refusal that names its code twice."""
    return (400, f"{sentence} [{code}]", code)


def same(got, wanted, what="it"):
    """Equal, and of the same type: 1 is not True here."""
    if got != wanted or type(got) is not type(wanted):
        raise AssertionError(f"{what} must be {wanted!r}, not {got!r}")


def refused(wanted, call, *arguments, **options):
    """The client's own exception for `wanted`: status, `error`, `errorType`. Anything else fails."""
    try:
        answer = call(*arguments, **options)
    except RocketApiException as refusal:
        same((refusal.status_code, refusal.error, refusal.error_type), wanted, "the refusal")
        return refusal
    raise AssertionError(f"should have been refused, but answered {str(answer)[:200]}")


def is_id(value, what="id"):
    assert _ID.fullmatch(value), f"{what} must be 17 characters of the id alphabet, not {value!r}"


def is_date(value, what):
    assert _DATE.fullmatch(value), f"{what} must be ISO-8601 UTC with milliseconds, not {value!r}"


def is_row(row, user, device):
    """A row made by this run: by `user` on `device`, a moment ago."""
    is_id(row["sessionId"], "sessionId")
    same(row["_id"], row["sessionId"], "_id")
    same(row["userId"], user.id, "userId")
    same(row["device"], device.read_as, "device")
    same(row["host"], BASE_URL.split("://")[1], "host")
    assert row["ip"], "ip must not be empty"
    is_date(row["loginAt"], "loginAt")


def is_page(page, *, count=50, offset=0, total):
    """A page of a sessions endpoint: `count` is the limit in force, not the number of rows."""
    same(page["success"], True, "success")
    same((page["count"], page["offset"], page["total"]), (count, offset, total), "count, offset, total")
    same(len(page["sessions"]), max(0, min(count, total - offset)), "the number of rows")
