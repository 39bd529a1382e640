"""The kinds of refusal that programs meet: a stable type for each, with a page that explains it."""

from dataclasses import dataclass
from typing import Any

ROOT = "/docs/problems"


@dataclass(frozen=True)
class Problem:
    """A kind of refusal. `means` and `remedy` are for people; `detail` is an example."""

    slug: str
    status: int
    title: str
    means: str
    remedy: str
    detail: str

    @property
    def type(self) -> str:
        """What `type` says: a path, the same on every portal."""
        return f"{ROOT}/{self.slug}"

    def example(self) -> dict[str, Any]:
        """An answer of this kind."""
        said = {
            "type": self.type,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "request_id": "06gzq1k2v5c8m9r3tw4x",
        }
        return said | ({"errors": {"name": self.detail}} if self.status == 422 else {})


PROBLEMS = (
    Problem(
        "unreadable",
        400,
        "Unreadable request",
        "The request itself cannot be read: the body is no JSON, or the cursor is none of ours.",
        "Send a JSON object in UTF-8; begin a list from its first page, without a cursor.",
        "The body is not JSON. Send a JSON object, in UTF-8.",
    ),
    Problem(
        "sign-in-needed",
        401,
        "Sign in first",
        "No token came with the request, or one that is wrong, has expired, was revoked, or whose "
        "owner may not sign in any more.",
        "Send `Authorization: Bearer gty_…` with a token from your account page.",
        "This token is not (or no longer) good for anything. Send one as “Authorization: Bearer "
        "gty_…”.",
    ),
    Problem(
        "forbidden",
        403,
        "You may not do this",
        "You may see this, but your role, or the scope of your token, does not let you do it.",
        "Ask an owner of the project or workspace for the role, or use a token of wider scope.",
        "Your role does not let you confirm here.",
    ),
    Problem(
        "not-found",
        404,
        "Not found",
        "There is no such thing, or none that you may see: Gantry does not tell the two apart.",
        "Check the name or id. If it should be there, ask an owner for a role.",
        "There is nothing here that you may see.",
    ),
    Problem(
        "method-not-allowed",
        405,
        "Not this way",
        "There is something at this address, but it does not take this method.",
        "`Allow` lists the methods that it takes.",
        "The method is not allowed for the requested URL.",
    ),
    Problem(
        "conflict",
        409,
        "Not now",
        "What you asked for is not possible in the present state of things: a run that has ended "
        "cannot be cancelled, a name is taken, somebody holds the lock, a plan is outdated.",
        "Read the thing again, and decide anew. Nothing was changed.",
        "The run is finished, and it has ended.",
    ),
    Problem(
        "edited-meanwhile",
        409,
        "Changed meanwhile",
        "You sent the `version` that you saw, and somebody has saved another one since.",
        "Read the thing again, look at the difference, and send your change with the new version.",
        "Somebody changed this while you were editing it, so nothing was saved.",
    ),
    Problem(
        "idempotency-key-reused",
        409,
        "This key is taken",
        "This Idempotency-Key came with another request before, and still stands for that.",
        "Use a new key for each thing you make; repeat a request byte by byte.",
        "This Idempotency-Key came with another request before. Use a new one.",
    ),
    Problem(
        "not-as-seen",
        412,
        "Changed since you looked",
        "You sent the `ETag` of what you saw as `If-Match`, and somebody has changed it since.",
        "Read it again, make your change to what is there now, and send that with the new `ETag`.",
        "Somebody has changed the members since you looked, so nothing was saved.",
    ),
    Problem(
        "too-large",
        413,
        "Too large",
        "More was sent than is taken: a body has a longest size, JSON a deepest level, an upload "
        "the limit that the portal is set to.",
        "Send less, or ask the administrator to raise the limit of uploads.",
        "A body has at most 2 MB.",
    ),
    Problem(
        "invalid",
        422,
        "Some of this needs another look",
        "The request can be read, but some fields do not hold; unknown ones are among them.",
        "`errors` has a sentence for each field that does not hold. All of them are told at once.",
        "There is no such field here.",
    ),
    Problem(
        "too-many",
        429,
        "Too many tries",
        "Too many requests came in too short a time, with this token or from this address.",
        "Wait as many seconds as `Retry-After` says. `RateLimit` tells beforehand what is left.",
        "Too many requests with this token. Try again in a second.",
    ),
    Problem(
        "unexpected",
        500,
        "Something went wrong",
        "Something went wrong inside Gantry. It is not your doing.",
        "Try again. If it happens again, give your administrator the `request_id`: the portal's "
        "log has the rest.",
        "Something went wrong inside Gantry; it is not your doing.",
    ),
    Problem(
        "unavailable",
        503,
        "Not available right now",
        "Gantry is too busy to answer, or a part of it is away. Nothing was changed.",
        "Wait as many seconds as `Retry-After` says, and try again.",
        "Gantry is too busy to answer. Try again in a moment.",
    ),
)
"""Every kind; the first of a status is the usual one."""

BY_SLUG = {problem.slug: problem for problem in PROBLEMS}
_USUAL = {problem.status: problem for problem in reversed(PROBLEMS)}

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "A refusal, as RFC 9457 has it.",
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "The kind of refusal: stable, and the address of a page that explains "
            "it.",
            "examples": [f"{ROOT}/conflict"],
        },
        "title": {
            "type": "string",
            "description": "The kind of refusal in a few words.",
            "examples": ["Not now"],
        },
        "status": {
            "type": "integer",
            "description": "The status of the answer.",
            "examples": [409],
        },
        "detail": {
            "type": "string",
            "description": "What is the matter, in a sentence that a person can act on.",
            "examples": ["Somebody holds the lock."],
        },
        "errors": {
            "type": "object",
            "description": "For 422: a sentence for each field that does not hold.",
            "additionalProperties": {"type": "string"},
        },
        "request_id": {
            "type": "string",
            "description": "Names the request, in the portal's log, too.",
            "examples": ["06gzq1k2v5c8m9r3tw4x"],
        },
    },
    "required": ["type", "title", "status", "detail", "request_id"],
}


def type_of(kind: str, status: int) -> str:
    """The `type` of a refusal: by its kind, else by its status; about:blank when it has none."""
    found = BY_SLUG.get(kind) or _USUAL.get(status)
    return found.type if found else "about:blank"
