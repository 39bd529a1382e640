"""A portal at work in this process: real supervisors, real threads, a real engine.

Tests speak to its services as pages and API do, and look at what is left: rows, log, data
directory. Each test uses stacks of its own, so that many tests share one portal.
"""

import base64
import gzip
import io
import itertools
import json
import time
from pathlib import Path

import zstandard
from sqlalchemy import select

from lib import archive
from lib.log_file import LogReader
from models.base import Base, db
from models.project import Deployment
from models.run import Run
from models.run_content import Resource, RunChange, RunOutput, StateVersion
from models.run_history import RunDiagnostic, RunHistory, RunStep
from models.run_state import WORKING, RunType
from scheduler import house
from services import blobs, configuration_versions, projects, runs, stacks, variables, workspaces
from services.access import SYSTEM
from services.house import move_in
from services.variables import RunVariableInput
from tests import databases
from tests.scheduler.waiting import eventually

CONFIGURATIONS = Path(__file__).parents[1] / "configurations"
PROJECT = "shop"
PLACES = ("staging", "prod")
_ZSTD = b"\x28\xb5\x2f\xfd"


class Portal:
    """A portal on a directory. `settings` are those of the application."""

    def __init__(self, data_dir, **settings):
        self.data_dir = data_dir
        given = {"engine_downloads": False, "workers": 2, **settings}
        self.app = databases.make_app(data_dir, **given)
        self._names = itertools.count(1)
        self.running = None

    def furnish(self):
        """Make tables, a project and two workspaces."""
        from services import schema  # noqa: PLC0415 - once per portal

        schema.upgrade()
        projects.create(SYSTEM, name=PROJECT)
        for name in PLACES:
            workspaces.create(SYSTEM, name=name)
        return self

    def start(self):
        """Start timetable and pool."""
        self.running = house.start(self.app)
        return self

    def stop(self, drain_s=0.0):
        """Stop them, as a portal does that is told to end."""
        if self.running is not None:
            self.running.stop(drain_s)
            self.running = None

    # -- What people do ------------------------------------------------------------------------

    def upload(self, code):
        """Upload code, a directory or `{name: text}`; return it as a source."""
        project = projects.get(SYSTEM, PROJECT)
        packed = io.BytesIO(archive.pack(code) if isinstance(code, Path) else packed_files(code))
        version = configuration_versions.upload(SYSTEM, project, packed, "code.tar.gz")
        return {"kind": "configuration_version", "id": version.id}

    def stack(self, code=None, *, engine="terraform", **settings):
        """A new stack; `code` is a configuration's name, a directory, files or a source."""
        name = f"stack-{next(self._names)}"
        project = projects.get(SYSTEM, PROJECT)
        source = self.source(code) if code is not None else None
        return stacks.create(
            SYSTEM, project, name=name, engine=engine, source=source, **settings
        ).name

    def source(self, code):
        """The source that `code` means: a name, a directory, files, or a source already."""
        if isinstance(code, dict) and "kind" in code:
            return code
        return self.upload(CONFIGURATIONS / code if isinstance(code, str) else code)

    def create(self, stack, kind="apply", *, workspace="staging", **options):
        """Ask for a run, and do not wait."""
        if "code" in options:
            options["source"] = self.source(options.pop("code"))
        given = options.pop("variables", {})
        options["variables"] = [_variable(name, value) for name, value in given.items()]
        new = runs.NewRun(
            project=PROJECT, stack=stack, workspace=workspace, type=RunType(kind), **options
        )
        return runs.create(SYSTEM, new)

    def run(self, stack, kind="apply", **options):
        """Ask for a run and wait until it needs a person, or has ended."""
        return self.settled(self.create(stack, kind, **options))

    def applied(self, stack, **options):
        """Plan and apply without asking; it must go well."""
        run = self.run(stack, "apply", auto_apply=True, **options)
        assert run.state == "finished", (run.error_text, self.log(run))
        return run

    def confirmed(self, run):
        """Confirm a run and wait for its end."""
        runs.confirm(SYSTEM, run.id, plan_sha256=run.plan_sha256)
        return self.settled(run)

    def set_variable(self, stack, name, value, *, secret=False, category="terraform"):
        """Set a variable of a stack."""
        thing = stacks.get(SYSTEM, PROJECT, stack)
        variables.put(SYSTEM, thing, name, variables.NewValue(value, category, secret=secret))

    # -- What there is -------------------------------------------------------------------------

    def now(self, run):
        """The run as the database has it."""
        db.session.rollback()
        return db.session.get_one(Run, run.id, populate_existing=True)

    def wait(self, run, *states, within_s=40.0):
        """The run as soon as it is in one of these states."""
        return self.until(run, lambda found: found.state in states, within_s)

    def settled(self, run, within_s=40.0):
        """The run as soon as it waits for a person, or has ended."""
        return self.until(
            run, lambda found: found.is_over or found.state == "unconfirmed", within_s
        )

    def until(self, run, condition, within_s=40.0):
        """The run as soon as something holds of it."""
        deadline = time.monotonic() + within_s
        while not condition(found := self.now(run)):
            assert time.monotonic() < deadline, (found.state, self.log(found))
            time.sleep(0.01)
        return found

    def until_logged(self, run, words, within_s=20.0):
        """Wait until the log of a run at work holds these words."""
        deadline = time.monotonic() + within_s
        while words not in (seen := self.log(run)):
            found = self.now(run)
            assert found.state in WORKING or not found.is_over, (found.error_text, seen)
            assert time.monotonic() < deadline, seen
            time.sleep(0.01)

    def log(self, run):
        """The log as text."""
        with LogReader(self.data_dir / "logs" / run.id[-2:] / f"{run.id}.log") as log:
            return log.read(0, log.size).decode() if log.exists else ""

    def work_dir(self, run):
        """Where the run is, or was, at work."""
        return self.data_dir / "work" / run.id

    def states(self, run):
        """The states it went through, as text."""
        return [str(row.state) for row in self._rows(RunHistory, run, RunHistory.id)]

    def steps(self, run):
        """The names of its steps."""
        return [row.name for row in self._rows(RunStep, run, RunStep.number)]

    def diagnostics(self, run):
        """What the engine complained about."""
        return self._rows(RunDiagnostic, run, RunDiagnostic.id)

    def changes(self, run):
        """Its change records by address."""
        return {
            row.address: json.loads(zstandard.decompress(row.data))
            for row in self._rows(RunChange, run, RunChange.position)
        }

    def outputs(self, run):
        """Its outputs; a sensitive one is None."""
        return {row.name: row.value for row in self._rows(RunOutput, run, RunOutput.id)}

    def deployment(self, stack, workspace="staging"):
        """The deployment of a stack."""
        db.session.rollback()
        wanted = (Deployment.stack_name == stack) & (Deployment.workspace_name == workspace)
        return db.session.scalars(
            select(Deployment).where(wanted).execution_options(populate_existing=True)
        ).one()

    def resources(self, stack, workspace="staging"):
        """`{address: (run that made it, run that last changed it)}`."""
        place = self.deployment(stack, workspace)
        rows = db.session.scalars(select(Resource).where(Resource.deployment_id == place.id))
        return {row.address: (row.made_run_id, row.changed_run_id) for row in rows}

    def versions(self, stack, workspace="staging"):
        """The kept states of a deployment, oldest first."""
        place = self.deployment(stack, workspace)
        rows = select(StateVersion).where(StateVersion.deployment_id == place.id)
        return db.session.scalars(rows.order_by(StateVersion.id)).all()

    def kept_names(self, stack, workspace="staging"):
        """The names of the resources in the newest kept state, whoever's it is, sorted."""
        versions = self.versions(stack, workspace)
        content = json.loads(blobs.read(versions[-1].blob_id)) if versions else {}
        return sorted(each["name"] for each in content.get("resources", ()))

    def traces_of(self, secret):
        """Where a secret can be read in clear: in any row, or any file but of runs at work."""
        wanted = {secret.encode(), base64.b64encode(secret.encode()).rstrip(b"=")}
        found = [
            f"{table.name}.{column}"
            for table in Base.metadata.sorted_tables
            for row in db.session.execute(table.select()).mappings()
            for column, value in row.items()
            if any(word in _bytes(value) for word in wanted)
        ]
        eventually(lambda: self.running.pool.busy == 0)  # Directories of ended runs are gone then.
        files = (path for path in self.data_dir.rglob("*") if path.is_file())
        return found + [
            str(path.relative_to(self.data_dir))
            for path in files
            if any(word in _bytes(path.read_bytes()) for word in wanted)
        ]

    @staticmethod
    def _rows(table, run, order):
        db.session.rollback()
        return db.session.scalars(select(table).where(table.run_id == run.id).order_by(order)).all()


def packed_files(files):
    """A .tar.gz of `{name: text}`."""
    import tarfile  # noqa: PLC0415 - beside its only use

    packed = io.BytesIO()
    # Without the time of day, so that the same files are the same bytes.
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as squeezed,
        tarfile.open(fileobj=squeezed, mode="w") as tar,
    ):
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content.encode())
            tar.addfile(member, io.BytesIO(content.encode()))
    return packed.getvalue()


def _variable(name, value):
    if isinstance(value, RunVariableInput):
        return value
    [made] = variables.run_inputs({name: value})
    return made


def _bytes(value):
    """A value as the bytes that somebody who has it could read."""
    if isinstance(value, bytes):
        if value.startswith(_ZSTD):
            return (
                zstandard.ZstdDecompressor()
                .stream_reader(io.BytesIO(value), read_across_frames=True)
                .read()
            )
        return value
    return value.encode() if isinstance(value, str) else repr(value).encode()


def opened(portal):
    """Enter the portal's house and context, in which services can be called."""
    move_in(portal.app.extensions["gantry_house"])
    return portal.app.app_context()
