"""What lies between two commits, and what merging one into the other makes."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from integrations.git import checks
from integrations.git.errors import GitError
from integrations.git.session import FETCHED, MIB, Session

BASE, HEAD = "refs/gantry/base", "refs/gantry/head"
LONGEST_LISTING_BYTES = 8 * MIB
MOST_NAMED = 5


@dataclass(frozen=True)
class Tips:
    """Where branches and tags stand, by full name; `default_branch` is the one HEAD names."""

    commits: Mapping[str, str]
    default_branch: str


@dataclass(frozen=True)
class Merge:
    """A branch to be merged: the tip of `base` now, and the paths that `head` changes since."""

    base: str
    head: str
    paths: tuple[str, ...]


def tips(session: Session, refs: Sequence[str] = ()) -> Tips:
    """The branches and tags of the repository, and `refs`; an annotated tag is at its commit."""
    session.begin()
    patterns = ("HEAD", "refs/heads/*", "refs/tags/*", *refs)
    asked = ("ls-remote", "--symref", "--quiet", "--end-of-options", session.address, *patterns)
    listing = session.run(*asked, output_bytes=LONGEST_LISTING_BYTES)
    if len(listing) == LONGEST_LISTING_BYTES:
        raise GitError(f"{session.address} has more branches and tags than can be listed.")
    commits: dict[str, str] = {}
    default = ""
    for line in listing.decode(errors="replace").splitlines():
        what, _, name = line.partition("\t")
        if what.startswith("ref: refs/heads/") and name == "HEAD":
            default = what.removeprefix("ref: refs/heads/")
        elif checks.is_commit_id(what):
            commits[name.removesuffix("^{}")] = what
    return Tips(commits, default)


def changed(session: Session, before: str, after: str) -> tuple[str, ...]:
    """The paths that differ between two commits, deleted ones too.

    Raises:
        GitError: when one of the commits cannot be had any more, or too much differs.
    """
    if before == after:
        return ()
    session.fetch_each({before: BASE, after: HEAD}, "--depth=1", "--filter=blob:none")
    return _differing(session, BASE, HEAD)


def to_merge(session: Session, base_branch: str, head: str) -> Merge:
    """What merging the commit `head` into the branch would bring.

    Raises:
        GitError: when branch or commit cannot be had, or too much differs.
    """
    names = {f"refs/heads/{base_branch}": BASE, head: HEAD}
    session.fetch_each(names, "--filter=blob:none")
    found = session.attempt("merge-base", BASE, HEAD)
    since = found.stdout.decode().split()[0] if found.succeeded and found.stdout else BASE
    base = session.run("rev-parse", "--verify", f"{BASE}^{{commit}}").decode().strip()
    return Merge(base, head, _differing(session, since, HEAD))


def fetch_merge(session: Session, base: str, head: str, merge_ref: str) -> None:
    """Fetch, as FETCHED, the tree that merging `head` into `base` makes.

    The service's own merge is taken where it is of just these two; else they are merged here.

    Raises:
        GitError: when a commit cannot be had, or the two conflict, naming the first files.
    """
    if merge_ref and _is_merge_of(session, merge_ref, base, head):
        return
    if base == head:
        session.fetch(head)
        return
    session.fetch_each({base: BASE, head: HEAD})
    options = ("--write-tree", "--name-only", "--no-messages", "-z", "--allow-unrelated-histories")
    merged = session.attempt("merge-tree", *options, BASE, HEAD)
    tree, *names = merged.stdout.split(b"\0")
    if merged.exit_code == 1 and not merged.timed_out and len(tree) in {40, 64}:
        raise GitError(f"The branches conflict in {_listed(names)}. Resolve that, and push again.")
    if not merged.succeeded:
        raise session.failure(merged)
    session.run("update-ref", FETCHED, tree.decode())


def _is_merge_of(session: Session, merge_ref: str, base: str, head: str) -> bool:
    try:
        session.fetch_each({merge_ref: FETCHED}, "--depth=2")
        parents = session.run("rev-list", "--parents", "-n", "1", FETCHED).decode().split()[1:]
    except GitError:
        return False
    return parents == [base, head]


def _differing(session: Session, one: str, other: str) -> tuple[str, ...]:
    options = ("-r", "-z", "--no-renames", "--no-commit-id", "--name-only", "--end-of-options")
    listing = session.run("diff-tree", *options, one, other, output_bytes=LONGEST_LISTING_BYTES)
    if len(listing) == LONGEST_LISTING_BYTES:
        raise GitError(f"More differs in {session.address} than can be listed.")
    # Names are bytes to git; those that are no text match no rule, and break none.
    return tuple(os.fsdecode(name) for name in listing.split(b"\0") if name)


def _listed(names: list[bytes]) -> str:
    shown = [_shown(name) for name in dict.fromkeys(names) if name]
    more = len(shown) - MOST_NAMED
    return ", ".join(shown[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _shown(name: bytes) -> str:
    text = name.decode(errors="replace")
    return "“" + "".join(char if char.isprintable() else "?" for char in text)[:100] + "”"
