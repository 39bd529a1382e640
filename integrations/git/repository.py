"""What Gantry asks of a repository: where its branches stand, what changed, what is in a commit."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from integrations.git import checks, history, tree
from integrations.git.errors import GitError
from integrations.git.history import Merge, Tips
from integrations.git.session import FETCHED, MIB, Credentials, Rules, Session
from lib import drafts, net

COMMIT_FORMAT = "%H%x00%an%x00%ae%x00%ct%x00%B"


@dataclass(frozen=True)
class Commit:
    """A commit as runs pin and show it; `committed_at` is aware, in UTC."""

    sha: str
    author_name: str
    author_email: str
    message: str
    committed_at: datetime


@dataclass(frozen=True)
class Pair:
    """Two commits, by their full ids, and the ref under which a service may keep their merge."""

    base: str
    head: str
    ref: str = ""


@dataclass(frozen=True)
class Git:
    """Repositories that `allowed` lets us reach, within limits.

    `timeout_s` holds for a whole call, `limit_bytes` for the pack that is fetched and for the
    files that are written. `environment` is what git inherits (proxies, certificates), `scratch`
    where repositories stand while they are asked (default: the system's temporary directory).
    """

    allowed: net.AllowedHosts = field(default_factory=net.AllowedHosts)
    timeout_s: float = 300
    limit_bytes: int = 512 * MIB
    limit_files: int = 50_000
    environment: Mapping[str, str] = field(default_factory=dict)
    scratch: Path | None = None
    resolver: net.Resolver = net.resolve

    def check(self, url: str) -> str:
        """The address of the repository `url` in its plain form, asking nobody but the resolver.

        Raises:
            GitError: when it may not be asked.
        """
        return checks.address_of(checks.checked_target(url, self.allowed, self.resolver))

    def resolve(
        self, url: str, ref: str = "HEAD", credentials: Credentials | None = None
    ) -> Commit:
        """The commit that `ref` of the repository `url` is now.

        Raises:
            GitError: when it cannot be had, with the reason.
        """
        ref = checks.checked_ref(ref)
        with self._session(url, credentials) as session:
            session.fetch(ref, "--filter=tree:0")
            return _commit(session, ref)

    def checkout(
        self,
        url: str,
        ref: str,
        dest: Path,
        *,
        path: str | None = None,
        credentials: Credentials | None = None,
    ) -> Commit:
        """Write the whole tree of `ref`, a full commit id or a name, into the new directory `dest`.

        `path` is the directory in it that will be used; it is only looked for. There is no .git in
        `dest`, and after an error there is no `dest`.

        Raises:
            GitError: when the tree cannot be had, or has no such directory, or is not harmless.
            FileExistsError: when `dest` is there already.
        """
        ref, inside = checks.checked_ref(ref), checks.checked_path(path)
        with self._session(url, credentials) as session, drafts.directory(dest) as draft:
            session.fetch(ref)
            commit = _commit(session, ref)
            self._write(session, draft, inside, ref)
        return commit

    def checkout_merge(
        self,
        url: str,
        merge: Pair,
        dest: Path,
        *,
        path: str | None = None,
        credentials: Credentials | None = None,
    ) -> Commit:
        """As `checkout`, of the tree that merging `merge.head` into `merge.base` makes.

        Returns the commit that is to be merged.

        Raises:
            GitError: as `checkout`, and when the two conflict.
        """
        inside = checks.checked_path(path)
        base, head = _full_id(merge.base), _full_id(merge.head)
        merge_ref = checks.checked_ref(merge.ref) if merge.ref else ""
        with self._session(url, credentials) as session, drafts.directory(dest) as draft:
            session.begin()
            history.fetch_merge(session, base, head, merge_ref)
            commit = _described(session, head)
            self._write(session, draft, inside, head)
        return commit

    def tips(
        self, url: str, credentials: Credentials | None = None, refs: Sequence[str] = ()
    ) -> Tips:
        """Where the repository's branches and tags stand now, and `refs`, by their full names.

        Raises:
            GitError: when it cannot be asked, with the reason.
        """
        with self._session(url, credentials) as session:
            return history.tips(session, [checks.checked_ref(ref) for ref in refs])

    def changed(
        self, url: str, before: str, after: str, credentials: Credentials | None = None
    ) -> tuple[str, ...]:
        """The paths that differ between two commits, by their full ids; deleted ones, too.

        Raises:
            GitError: when one of them cannot be had any more, or too much differs.
        """
        with self._session(url, credentials) as session:
            return history.changed(session, _full_id(before), _full_id(after))

    def to_merge(
        self, url: str, base_branch: str, head: str, credentials: Credentials | None = None
    ) -> Merge:
        """The tip of a branch now, and the paths that merging the commit `head` would change.

        Raises:
            GitError: when branch or commit cannot be had, or too much differs.
        """
        with self._session(url, credentials) as session:
            return history.to_merge(session, checks.checked_ref(base_branch), _full_id(head))

    def _write(self, session: Session, draft: Path, inside: PurePosixPath, ref: str) -> None:
        """Write the fetched tree into `draft`, in which the directory `inside` must be."""
        tree.write(session, draft, limit_bytes=self.limit_bytes, limit_files=self.limit_files)
        wanted = (draft / inside).resolve()
        if not wanted.is_dir() or not wanted.is_relative_to(draft.resolve()):
            raise GitError(f"There is no directory “{inside}” in “{ref}” of {session.address}.")

    @contextmanager
    def _session(self, url: str, credentials: Credentials | None) -> Iterator[Session]:
        target = checks.checked_target(url, self.allowed, self.resolver)
        rules = Rules(self.timeout_s, self.limit_bytes, self.environment)
        with tempfile.TemporaryDirectory(prefix="gantry-git-", dir=self.scratch) as root:
            yield Session(Path(root), target, rules, credentials)


def _commit(session: Session, ref: str) -> Commit:
    """The fetched commit; when `ref` is a commit id, that one and no other."""
    try:
        found = session.run("rev-parse", "--verify", "--quiet", f"{FETCHED}^{{commit}}")
    except GitError:
        raise GitError(f"“{ref}” in {session.address} is not a commit.") from None
    if checks.is_commit_id(ref) and found.decode().strip() != ref:
        raise GitError(f"“{ref}” in {session.address} is not a commit.")
    return _described(session, f"{FETCHED}^{{commit}}")


def _full_id(commit: str) -> str:
    if not checks.is_commit_id(commit):
        raise GitError("A commit is named by its full id here.")
    return commit


def _described(session: Session, commit: str) -> Commit:
    """A commit that is here, as its author describes it."""
    printed = session.run("log", "-1", f"--format={COMMIT_FORMAT}", commit, "--")
    sha, name, email, seconds, message = printed.decode(errors="replace").split("\0", 4)
    try:
        committed_at = datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        raise GitError(
            f"The commit “{sha}” in {session.address} has no date that can be read."
        ) from None
    return Commit(sha, name, email, message.strip(), committed_at)
