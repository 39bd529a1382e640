"""The routes of the foundation: signing in, accounts, administration, audit, search, tokens."""

from services import hold, sessions
from services.access import SYSTEM
from tests import factories
from tests.rules.matrix.case import ADMIN, EVERYONE, Case


def _dave(world):
    return world.people["dave"].id


def _dave_s_session(world):
    secret, _ = sessions.sign_in("dave@example.com", factories.PASSWORD, sessions.Origin("::1"))
    return sessions.find(secret).session.id


def _dave_s_token(world):
    text = world.token_of("dave")
    return text.split("_")[2]


def _shut_out(_world):
    return factories.user("nia", is_active=False).id


def _on_hold(_world):
    hold.begin(SYSTEM, "It was restored.")


_OF_DAVE = {"user_id": _dave}
_PASSWORDS = {"old_password": factories.PASSWORD, "new_password": "quite another one"}

CASES = [
    Case("dashboard.show", EVERYONE),
    Case("dashboard.counts", EVERYONE),
    Case("health.numbers", ADMIN),
    Case("search.show", EVERYONE, query="?q=we"),
    Case("events.stream", EVERYONE, query="?topics=runs"),
    Case("audit.index", EVERYONE),
    Case("audit.export_csv", EVERYONE),
    Case("audit.export_jsonl", EVERYONE),
    Case("sessions.delete", EVERYONE, 303, send={}),
    Case("account.show", EVERYONE),
    Case("account.edit", EVERYONE, 303, send={"name": "Somebody", "theme": "dark"}),
    Case("account.password", EVERYONE),
    Case("account.change_password", EVERYONE, 303, send=_PASSWORDS),
    Case("account.open_sessions", EVERYONE),
    Case(
        "account.end_session",
        "dave",
        303,
        blind="ada alice vera sam",
        names={"session_id": _dave_s_session},
        send={},
    ),
    Case("account.end_other_sessions", EVERYONE, 303, send={}),
    Case("account.own_tokens", EVERYONE),
    Case("account.create_token", EVERYONE, send={"name": "ci"}),
    Case(
        "account.revoke_token",
        "ada dave",
        303,
        blind="alice vera sam",
        names={"token_id": _dave_s_token},
        send={},
    ),
    Case("administration.show", ADMIN),
    Case("administration.settings", ADMIN),
    Case("administration.user_list", ADMIN),
    Case("administration.create_user", ADMIN, send={"email": "nia@example.com"}),
    Case("administration.user", ADMIN, names=_OF_DAVE),
    Case("administration.edit_user", ADMIN, 303, names=_OF_DAVE, send={"name": "David"}),
    Case("administration.reset_password", ADMIN, names=_OF_DAVE, send={}),
    Case("administration.deactivate", ADMIN, 303, names=_OF_DAVE, send={}),
    Case("administration.activate", ADMIN, 303, names={"user_id": _shut_out}, send={}),
    Case("api_me.show", EVERYONE),
    Case("api_events.stream", EVERYONE, query="?topics=runs"),
    Case("api_users.index", ADMIN),
    Case("api_users.create", ADMIN, 201, send={"email": "nia@example.com"}),
    Case("api_users.show", "ada dave", blind="alice vera sam", names=_OF_DAVE),
    Case(
        "api_users.edit",
        "ada dave",
        blind="alice vera sam",
        names=_OF_DAVE,
        send={"name": "David"},
    ),
    Case("api_tokens.index", EVERYONE),
    Case("api_tokens.create", EVERYONE, 201, send={"name": "ci"}),
    Case("administration.confirm_release", ADMIN, before=_on_hold),
    Case("administration.release_hold", ADMIN, 303, send={}, before=_on_hold),
    Case("api_hold.show", ADMIN),
    Case("api_hold.release", ADMIN, 204, send={}, before=_on_hold),
    Case(
        "api_tokens.revoke",
        "ada dave",
        204,
        blind="alice vera sam",
        names={"token_id": _dave_s_token},
    ),
]
