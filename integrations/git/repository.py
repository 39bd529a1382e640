"""The two things Gantry asks of a repository: which commit is that, and what is in it."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from integrations.git import checks, tree
from integrations.git.errors import GitError
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
            tree.write(session, draft, limit_bytes=self.limit_bytes, limit_files=self.limit_files)
            wanted = (draft / inside).resolve()
            if not wanted.is_dir() or not wanted.is_relative_to(draft.resolve()):
                raise GitError(f"There is no directory “{inside}” in “{ref}” of {session.address}.")
        return commit

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
    printed = session.run("log", "-1", f"--format={COMMIT_FORMAT}", f"{FETCHED}^{{commit}}", "--")
    sha, name, email, seconds, message = printed.decode(errors="replace").split("\0", 4)
    try:
        committed_at = datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        raise GitError(
            f"The commit “{sha}” in {session.address} has no date that can be read."
        ) from None
    return Commit(sha, name, email, message.strip(), committed_at)
