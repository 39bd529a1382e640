"""What each call of the API says of itself: what it takes, what it answers, how it refuses.

    @blueprint.post("/projects")
    @describe(Project, status=201, takes=NewProject, once=True, refuses={409: "The name is taken."})
    def create() -> Response:
        '''Make a project.

        Whoever makes it becomes its first owner.
        '''

The docstring's first line is the summary, the rest the description. The decorator only keeps the
facts; `scripts.openapi` writes the description from them, and the tests hold every answer against
what its call declares here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypedDict, TypeVar, Unpack

V = TypeVar("V", bound=Callable[..., Any])
_ATTRIBUTE = "gantry_call"

TAGS: Mapping[str, str] = {
    "run": "One operation on one deployment: make runs, follow them, decide about their plans.",
    "project": "A team's home: its stacks, and who may do what there.",
    "stack": "Code that describes resources, with its settings.",
    "workspace": "A place to deploy to, such as staging or prod.",
    "deployment": "One stack in one workspace: its lock, its resources, its outputs.",
    "state-version": "What the engine knows of a deployment's resources, version by version.",
    "variable": "Inputs of runs, kept on a project, workspace, stack or deployment.",
    "configuration-version": "Code that was uploaded, for runs to use.",
    "schedule": "What starts runs at planned times, and what came of each time.",
    "email-trigger": "Addresses to which people write to start runs, and the mail they received.",
    "drift": "What is not any more as it was applied.",
    "member": "Who holds which role on a project or a workspace.",
    "worker-pool": "Who carries runs out, and what waits for them.",
    "vcs-integration": "Services that host repositories, and what they have sent.",
    "me": "Who the token is.",
    "user": "People who sign in.",
    "team": "People and service accounts that hold roles together.",
    "service-account": "Who programs are: they hold roles, and cannot sign in.",
    "token": "What programs sign in with.",
    "audit": "Who did what, on what, from where, when.",
    "instance": "This portal as a whole.",
}
"""What the calls are grouped by; `/docs/index.html#/run` opens a group."""

REFUSALS: Mapping[int, str] = {
    400: "The request cannot be read.",
    401: "The token is missing, has expired or was revoked.",
    403: "The caller may see this, but may not do it, or the token's scope does not reach so far.",
    404: "There is no such thing, or none that the caller may see.",
    409: "Its present state does not allow it; the sentence says why.",
    412: "It is not any more what `If-Match` names; nothing was changed.",
    413: "More was sent than is taken.",
    422: "Fields do not hold: `errors` says which and why.",
    429: "Too many requests in too short a time; `Retry-After` says when to try again.",
    503: "Gantry is too busy to answer, or a part of it is away. Nothing was changed.",
}
"""What each refusal means where a call says nothing more special."""
_EVERYWHERE = frozenset({401, 403, 429, 503})
_CHANGING = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True)
class Content:
    """An answer or a body that is no JSON: its media type, an example, and what it is."""

    media_type: str
    example: str
    description: str = ""


@dataclass(frozen=True)
class Some:
    """A shape of which a caller may ask for some fields only, by `?fields=`."""

    shape: Any


@dataclass(frozen=True)
class Upload:
    """A multipart body: the parts by name, with what they are; files are those in `files`."""

    parts: Mapping[str, str]
    files: frozenset[str] = frozenset({"file"})


@dataclass(frozen=True)
class Call:
    """What a call says of itself; see `describe`."""

    answers: Mapping[int, Any]
    takes: Any = None
    query: Sequence[Any] = ()
    refuses: Mapping[int, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    sends: Mapping[str, str] = field(default_factory=dict)
    once: bool = False
    guarded: bool = False

    def is_conditional(self, method: str) -> bool:
        """Whether it answers with an ETag, and 304 to whoever has that: every GET of JSON does."""
        return method == "GET" and any(
            each is not None and not isinstance(each, Content)
            for answers in self.answers.values()
            for each in (answers if isinstance(answers, tuple) else (answers,))
        )

    def refusals(self, method: str, path: str) -> dict[int, str]:
        """How the call may refuse, by status: what its shape implies, and what it says itself."""
        statuses = set(_EVERYWHERE)
        if "<" in path:
            statuses.add(404)
        if self.query:
            statuses |= {400, 422}
        if method in _CHANGING:
            statuses |= {400, 409, 413, 422}
        if method == "DELETE":
            statuses.add(409)
        if self.guarded:
            statuses.add(412)
        told = {status: REFUSALS[status] for status in statuses} | dict(self.refuses)
        return dict(sorted(told.items()))


class More(TypedDict, total=False):
    """What else a call may say of itself.

    `takes` is the model of the body, `query` the shapes whose fields are parameters of the query.
    `refuses` says in a sentence when this call refuses, where the usual words (`REFUSALS`) are not
    enough. `headers` are further headers of the answer, `sends` further ones of the request.
    `once` says that it minds an Idempotency-Key: then 200 answers a repetition. `guarded` says that
    it minds If-Match: then 412 answers whoever has not seen what is there.
    """

    takes: Any
    query: Sequence[Any]
    refuses: Mapping[int, str]
    headers: Mapping[str, str]
    sends: Mapping[str, str]
    once: bool
    guarded: bool


def describe(answers: Any = None, status: int = 0, **more: Unpack[More]) -> Callable[[V], V]:
    """Say what a call takes and answers; goes below the route.

    `answers` is a shape (`None` for no body: 204), a `Content`, a tuple of them when it depends,
    or a mapping of statuses to them. `status` is the answer's, where it is neither 200 nor
    (without a body) 204.
    """
    usual = status or (HTTPStatus.NO_CONTENT if answers is None else HTTPStatus.OK)
    told = dict(answers) if isinstance(answers, Mapping) else {int(usual): answers}
    if more.get("once") and HTTPStatus.CREATED in told:
        told.setdefault(200, told[201])
    call = Call(told, **more)

    def keep(view: V) -> V:
        setattr(view, _ATTRIBUTE, call)
        return view

    return keep


def call_of(view: Callable[..., Any]) -> Call | None:
    """What a view says of itself, or None when it says nothing."""
    found: Call | None = getattr(view, _ATTRIBUTE, None)
    return found
