"""Keys that make a request count once, kept per actor with what the request made."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.exc import IntegrityError

from models.draft import IdempotencyKey
from services.access import Actor
from services.errors import Invalid, KeyReused
from services.transaction import is_duplicate, session, transaction

T = TypeVar("T")
LONGEST_KEY = 255


@dataclass(frozen=True)
class Request:
    """What a key stands for: the kind of thing made, and a digest of all that was asked."""

    key: str | None
    digest: str
    kind: str

    def part(self, name: str) -> "Request":
        """What stands for one part of a request that does several things, each on its own."""
        if self.key is None:
            return self
        key = hashlib.sha256(f"{self.key}\0{name}".encode()).hexdigest()
        return Request(f"part:{key}", self.digest, self.kind)


ALWAYS_ANEW = Request(None, "", "")
"""A request without a key."""


def once(
    actor: Actor,
    request: Request,
    make: Callable[[], T],
    *,
    name: Callable[[T], str],
    find: Callable[[str], T],
) -> tuple[T, bool]:
    """What `make` makes, or what it made when the same request came before.

    `make` runs in the transaction that keeps the key, so both are there or neither is. `name`
    says the id to keep, `find` gets the thing by it. Returns the thing and whether it is new.

    Raises:
        KeyReused: when the key came with another request.
        Invalid: when the key is empty or too long.
    """
    if request.key is None:
        return make(), True
    if not 1 <= len(request.key) <= LONGEST_KEY:
        raise Invalid({"Idempotency-Key": f"A key has 1 to {LONGEST_KEY} characters."})
    made = _made_before(actor, request)
    if made is None:
        try:
            return _make(actor, request, make, name), True
        except IntegrityError as error:
            # Another request with this key was quicker; any other reason is no business of ours.
            made = _made_before(actor, request) if is_duplicate(error) else None
            if made is None:
                raise
    return find(made), False


def _made_before(actor: Actor, request: Request) -> str | None:
    kept = session().get(IdempotencyKey, (actor.key, request.key))
    if kept is None:
        return None
    if (kept.request_sha256, kept.kind) != (request.digest, request.kind):
        raise KeyReused("This Idempotency-Key came with another request before. Use a new one.")
    return kept.made_id


def _make(actor: Actor, request: Request, make: Callable[[], T], name: Callable[[T], str]) -> T:
    with transaction() as write:
        kept = IdempotencyKey(
            actor_id=actor.key,
            key=request.key,
            request_sha256=request.digest,
            kind=request.kind,
            made_id="",
        )
        write.add(kept)
        write.flush()  # A second one with this key waits here, then fails.
        made = make()
        write.flush()  # What was made has its id by now.
        kept.made_id = name(made)
    return made
