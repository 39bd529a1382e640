"""Refusals. Each carries a sentence a person can act on, and nothing that must stay secret."""

from collections.abc import Mapping


class GantryError(Exception):
    """The parent of every refusal; `text` is shown to people as it is."""

    kind = "error"
    title = "Something went wrong"

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class NotFound(GantryError):
    """There is no such thing, or none that this actor may see."""

    kind = "not-found"
    title = "Not found"

    def __init__(self, text: str = "There is nothing here that you may see.") -> None:
        super().__init__(text)


class SignInNeeded(GantryError):
    """Nobody is signed in, or the token is no good."""

    kind = "sign-in-needed"
    title = "Sign in first"


class Forbidden(GantryError):
    """The actor sees the thing but may not do this to it."""

    kind = "forbidden"
    title = "You may not do this"


class Conflict(GantryError):
    """The thing's present state does not allow it."""

    kind = "conflict"
    title = "Not now"


class Collided(Conflict):
    """Two wrote the same at the same moment, and this one lost: doing it again may go well."""


class NotAsSeen(GantryError):
    """It is not any more what the caller has seen, and said that they go by."""

    kind = "not-as-seen"
    title = "Changed since you looked"


class KeyReused(Conflict):
    """An Idempotency-Key came with another request before."""

    kind = "idempotency-key-reused"
    title = "This key is taken"


class Invalid(GantryError):
    """The input does not hold. `fields` maps a field's name to its sentence."""

    kind = "invalid"
    title = "Some of this needs another look"

    def __init__(self, fields: Mapping[str, str], text: str | None = None) -> None:
        super().__init__(text or next(iter(fields.values()), "Some of this needs another look."))
        self.fields = dict(fields)


class Unreadable(GantryError):
    """The request itself cannot be read."""

    kind = "unreadable"
    title = "Unreadable request"


class TooLarge(GantryError):
    """More was sent than is taken."""

    kind = "too-large"
    title = "Too large"


class TooMany(GantryError):
    """Too often in too short a time; try again in `retry_after_s`."""

    kind = "too-many"
    title = "Too many tries"

    def __init__(self, text: str, retry_after_s: int) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


class Unavailable(GantryError):
    """A part of Gantry cannot answer now; nothing was changed."""

    kind = "unavailable"
    title = "Not available right now"
    retry_after_s = 5
