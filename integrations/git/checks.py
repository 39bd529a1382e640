"""What a repository's address, a ref and a path may look like, before git sees them."""

import re
from pathlib import PurePosixPath

from integrations.git.errors import GitError
from lib import net

SCHEMES = ("https", "ssh")
COMMIT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# git@host:team/stack.git, as people copy it.
SCP_LIKE = re.compile(
    r"(?P<user>[A-Za-z0-9_.][\w.-]*)@(?P<host>[A-Za-z0-9.-]+):(?P<path>[^/\s:].*)"
)
USER = re.compile(r"[A-Za-z0-9_.][\w.-]*")
LONGEST_REF = 255
# git's own rules for refs (git help check-ref-format), and no sign that a refspec gives a meaning.
BAD_IN_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)")
BAD_AT_START = ("-", "+", "/", ".", "!")
BAD_AT_END = ("/", ".")


def checked_target(url: str, allowed: net.AllowedHosts, resolver: net.Resolver) -> net.Target:
    """The target of `url`, which may be asked.

    Raises:
        GitError: when it may not, or is no address of a repository.
    """
    scp_like = SCP_LIKE.fullmatch(url)
    full = "ssh://{user}@{host}/{path}".format_map(scp_like.groupdict()) if scp_like else url
    try:
        target = net.check(full, allowed=allowed, schemes=SCHEMES, resolver=resolver)
    except net.Refused as refusal:
        raise GitError(str(refusal)) from None
    if target.user is not None and not USER.fullmatch(target.user):
        raise GitError("The user in the repository's address is not one that ssh knows.")
    if not target.path.strip("/"):
        raise GitError("The address names a host, but no repository on it.")
    if any(sign in full for sign in "?#"):
        raise GitError(
            "The address of a repository holds no “?” or “#”; give the ref apart from it."
        )
    return target


def address_of(target: net.Target) -> str:
    """The address of the checked `target`, as it is given to git and shown to people."""
    if target.scheme == "file":
        return f"file://{target.path}"
    host = f"[{target.host}]" if ":" in target.host else target.host
    user = f"{target.user}@" if target.user else ""
    port = "" if target.port == net.DEFAULT_PORTS[target.scheme] else f":{target.port}"
    return f"{target.scheme}://{user}{host}{port}{target.path}"


def checked_ref(ref: str) -> str:
    """`ref`, a branch, tag, full ref name, full commit id or HEAD.

    Raises:
        GitError: when it is none, or would mean more to git.
    """
    if (
        not ref
        or len(ref) > LONGEST_REF
        or BAD_IN_REF.search(ref)
        or ref.startswith(BAD_AT_START)
        or ref.endswith(BAD_AT_END)
        or ref == "@"
    ):
        raise GitError("The ref is not the name of a branch or tag, nor a full commit id.")
    return ref


def is_commit_id(ref: str) -> bool:
    """Whether `ref` is a full commit id."""
    return COMMIT_ID.fullmatch(ref) is not None


def checked_path(path: str | None) -> PurePosixPath:
    """`path` as a relative path below the repository's top, which None and "" mean.

    Raises:
        GitError: when it leads elsewhere.
    """
    parts = PurePosixPath(path or ".")
    if (
        parts.is_absolute()
        or ".." in parts.parts
        or not str(parts).isprintable()
        or "\\" in str(parts)
    ):
        raise GitError("The path is not a directory below the top of the repository.")
    return parts
