"""Drives a running server with the published rocketchat-api, as a script of an administrator would.

One administrator signs in and makes a throw-away user, who signs in by name and by address. Then all sessions are
listed and looked at, rights are given and taken, sessions end in every way that this client knows, and the user goes.
Ten password logins in all: the default limit is ten a minute. README.md says how to run it.
"""

import sys

from rocketchat_api import harness
from rocketchat_api.endings import ending, leaving
from rocketchat_api.lists import listing, looking
from rocketchat_api.looking_back import looking_back
from rocketchat_api.rights import refusing, ruling
from rocketchat_api.scene import signing_in, stepping_up
from rocketchat_api.tokens import tokens
from rocketchat_api.users import users
from rocketchat_api.wire import keep_answers

try:
    signing_in()
    stepping_up()
    listing()
    looking()
    refusing()
    ruling()
    users()
    tokens()
    ending()
except harness.Stop:
    harness.note("cannot go on without this")
finally:
    leaving()
    looking_back()
    keep_answers()

sys.exit(harness.finish())
