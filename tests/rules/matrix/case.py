"""One route in the matrix of routes and roles."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

EVERYONE = "ada alice dave vera sam"
MEMBERS = "ada alice dave vera"
DEPLOYERS = "ada alice dave"
OWNERS = "ada alice"
ADMIN = "ada"


@dataclass(frozen=True)
class Case:
    """Who may call an endpoint, with what.

    `may` names who gets `status`. Others of the cast get 403, and those in `blind` 404, because
    they must not learn that there is such a thing. `names` are the parts of the URL: words, or
    functions of the world; `send` is the form (or for the API the JSON). `audits` is how many rows
    of the audit log one call leaves. `refused` is what those get who have the right, but not now.
    """

    endpoint: str
    may: str
    status: int = 200
    blind: str = ""
    names: Mapping[str, Any] = field(default_factory=dict)
    query: str = ""
    send: Any = None
    method: str = ""
    audits: int | None = None
    before: Callable[[Any], Any] | None = None
    refused: int = 403

    @property
    def is_api(self) -> bool:
        """Whether it is one of the API's."""
        return self.endpoint.startswith(("api_", "state_backend."))

    @property
    def body(self) -> dict[str, Any]:
        """What a program sends: JSON, or bytes as they are."""
        if self.send is None:
            return {}
        return {"data" if isinstance(self.send, bytes) else "json": self.send}

    def expected(self, name: str) -> int:
        """The status this person of the cast gets."""
        if name in self.may.split():
            return self.status
        if name in self.blind.split():
            return 404
        return 403 if name == "vera" else self.refused
