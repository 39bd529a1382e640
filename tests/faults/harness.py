"""A scene: a data directory, a database, portals at work on it, a witness, and what was accepted.

The scene's own view of rows and files is that of `tests.portal.portal.Portal`, opened on the same
directory in this process, without a pool: whatever works, works in the portals' processes.
"""

import contextlib
import itertools
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from models.base import db
from models.user import User
from tests import databases
from tests.faults.servers import FLOOR_MB, NoAnswer, Server, end_all
from tests.faults.witness import Witness
from tests.html_client import PageClient
from tests.portal.portal import PROJECT, Portal, opened


@dataclass
class Accepted:
    """A run whose creation was answered with 201."""

    id: str
    nonce: str
    stack: str
    kind: str
    ticks: int = 0
    confirmed: int = 0
    """How many confirms were answered with 200."""
    was_blocked: bool = False
    """Whether its deployment was blocked by it, and was settled by us."""


@dataclass
class Scene:
    """What a fault is done to. `servers` are those that should be alive."""

    inside: Portal
    witness: Witness
    database_url: str | None = None
    settings: dict[str, object] = field(default_factory=dict)
    servers: list[Server] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    stacks: dict[str, str] = field(default_factory=dict)
    """The stack of each nonce, of runs whose creation nobody answered, too."""
    past: set[str] = field(default_factory=set)
    """The nonces that have been judged."""
    _browser: PageClient | None = None
    _numbers: itertools.count = field(default_factory=lambda: itertools.count(1))

    @property
    def data_dir(self):
        """Where the portals keep what they keep."""
        return self.inside.data_dir

    @property
    def server(self):
        """The portal, when there is one."""
        return self.servers[0]

    def start(self, **settings):
        """Start a portal, or one more; `before` stands before its command."""
        given = {"data_dir": self.data_dir, **self.settings, **settings}
        server = Server(database_url=self.database_url, **given)
        self.servers.append(server)
        return server

    def kill(self, server=None):
        """Kill a portal."""
        dying = server or self.server
        self.servers.remove(dying)
        dying.kill()

    def end(self):
        """Tell the portal to end; how long it took, in seconds."""
        return self.servers.pop(0).end()

    def stack(self, **settings):
        """A new stack whose applies are witnessed."""
        return self.inside.stack(self.witness.files, **settings)

    def ask(self, stack, *, kind="apply", work="true", ticks=0, slow="", server=None, **options):
        """Ask for a run by the API; return it when it was accepted, None when nobody answered."""
        nonce = f"n{next(self._numbers)}"
        self.stacks[nonce] = stack
        work = self.witness.ticking(ticks) if ticks else _named(work, nonce)
        body = {
            "project": PROJECT,
            "stack": stack,
            "workspace": "staging",
            "type": kind,
            "variables": {"nonce": nonce, "work": work, "slow": slow},
            **{name: _named(value, nonce) for name, value in options.items()},
        }
        try:
            status, answer = (server or self.server).call("POST", "/api/v1/runs", body)
        except NoAnswer:
            return None
        assert status == 201, (status, answer)
        made = Accepted(answer["id"], nonce, stack, kind, ticks)
        self.accepted.append(made)
        return made

    def confirm(self, run, server=None):
        """Confirm a run; the status of the answer, 0 when there is none."""
        status = (server or self.server).verb(run.id, "confirm")
        run.confirmed += status == 200
        return status

    def page(self, run):
        """The head of a run's page, as an administrator sees it."""
        return self._visitor().get(f"/runs/{run.id}/summary").text

    def _visitor(self):
        if self._browser is None:
            app = self.inside.app
            app.test_client_class = PageClient
            admin = db.session.scalars(select(User).where(User.is_admin)).first()
            self._browser = app.test_client().sign_in(admin)
            db.session.commit()
        return self._browser

    # -- What there is -----------------------------------------------------------------------------

    def now(self, run):
        """The run as the database has it."""
        return self.inside.now(run)

    def until(self, run, condition, within_s=60.0):
        """The run as soon as something holds of it; fails when it takes longer."""
        deadline = time.monotonic() + within_s
        while not condition(found := self.now(run)):
            said = "\n".join(server.said()[-2000:] for server in self.servers)
            assert time.monotonic() < deadline, (found.state, self.inside.log(run), said)
            time.sleep(0.01)
        return found

    def settled(self, run, within_s=60.0):
        """The run as soon as it waits for a person, or has ended."""
        return self.until(run, lambda it: it.is_over or it.state == "unconfirmed", within_s)

    def ended(self, run, within_s=60.0):
        """The run as soon as it has ended."""
        return self.until(run, lambda it: it.is_over, within_s)

    def until_begun(self, run, within_s=30.0):
        """Wait until the witness has seen a run's apply begin."""
        deadline = time.monotonic() + within_s
        while not self.witness.has_begun(run.nonce):
            found = self.now(run)
            assert not found.is_over, (found.state, found.error_text, self.inside.log(run))
            assert time.monotonic() < deadline, (found.state, self.inside.log(run))
            time.sleep(0.01)

    def finish(self, within_s=90.0):
        """Confirm what waits for it, settle what is blocked, until every run has ended."""
        deadline = time.monotonic() + within_s
        for run in self.accepted:
            while not (found := self.now(run)).is_over:
                if found.state == "unconfirmed":
                    self.confirm(run)
                self.settle(run.stack)
                assert time.monotonic() < deadline, (found.state, self.inside.log(run))
                time.sleep(0.02)
            self.settle(run.stack)

    def settle(self, stack):
        """End the block of a deployment, if there is one, as a person does."""
        place = self.inside.deployment(stack)
        if place.blocked_at is None:
            return
        for run in self.accepted:
            run.was_blocked |= run.id == place.blocked_run_id
        path = f"/api/v1/projects/{PROJECT}/stacks/{stack}/workspaces/staging/settle"
        body = {"decision": "keep_current", "note": "looked at"}
        self.server.call("POST", path, body)

    def forget(self):
        """Begin anew: what was accepted so far has been judged."""
        self.past |= self.stacks.keys()
        self.accepted.clear()


def _named(value, nonce):
    return value.replace("NONCE", nonce) if isinstance(value, str) else value


@contextlib.contextmanager
def scene(*, kind="sqlite", data_dir=None, **settings):
    """A furnished scene without a portal yet; afterwards everything it started is gone."""
    home = Path(tempfile.mkdtemp(prefix="gf-", dir=_memory()))
    data_dir = data_dir or home / "data"
    data_dir.mkdir(mode=0o700, exist_ok=True)
    url, postgres = None, None
    if kind == "postgres":
        postgres = databases.start_postgres()
        url = databases.fresh_postgres_database(postgres, f"gantry_faults_{home.name[3:]}".lower())
    inside = Portal(data_dir, database_url=url, disk_floor_mb=FLOOR_MB)
    with opened(inside):
        inside.furnish()
        made = Scene(inside, Witness(home), url, settings)
        try:
            yield made
        finally:
            for server in made.servers:
                server.thaw()
                server.kill()
            end_all(data_dir)
            db.session.remove()
            db.engine.dispose()
            shutil.rmtree(home, ignore_errors=True)


def _memory():
    """A place where syncing costs nothing: a fault's round should wait for the fault."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
