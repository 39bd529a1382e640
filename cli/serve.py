"""gantry serve, gantry web: gunicorn with one worker process, which does everything.

The master loads neither the application nor its libraries, so that it stays small; the worker makes
the database ready, and starts what works beside the web, before it answers its first request.
"""

import ctypes
import signal
import threading
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from gunicorn.app.base import BaseApplication

from cli import portal
from config import Settings
from lib import procfs

ROOM_FOR_PAGES = 744
GRACE_BEYOND_DRAIN_S = 10
LONGEST_BOOT_S = 300


class Server(BaseApplication):  # type: ignore[misc]  # its library has no types
    """gunicorn, set up for this portal. `alone` leaves out scheduler and pool."""

    def __init__(self, settings: Settings, *, alone: bool) -> None:
        self.settings, self.alone = settings, alone
        self._running: Any = None
        self._stopping: threading.Thread | None = None
        self._welcome: Any = None
        super().__init__()

    def load_config(self) -> None:
        """Settings of gunicorn; their reasons stand in docs/adr/."""
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        shared_memory = Path("/dev/shm")  # noqa: S108 - a memory file system for a heartbeat file
        values = {
            "bind": f"{host}:{self.settings.port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": self.settings.threads,
            "worker_connections": self.settings.threads + ROOM_FOR_PAGES,
            "worker_tmp_dir": str(shared_memory) if shared_memory.is_dir() else None,
            "control_socket_disable": True,
            "max_requests": 0,
            "timeout": LONGEST_BOOT_S,
            "graceful_timeout": self.settings.drain_s + GRACE_BEYOND_DRAIN_S,
            "keepalive": 5,
            "loglevel": "warning",
            "forwarded_allow_ips": "",
            "post_worker_init": self._begin,
            "worker_exit": self._end,
        }
        for name, value in values.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application, in the worker, with its database ready.

        Raises:
            AppImportError: with the sentence that says why not; gunicorn then ends.
        """
        from gunicorn.errors import AppImportError

        from lib import logs
        from lib.crypto import BadKey
        from services import first_start, schema
        from services.errors import GantryError

        logs.configure(self.settings.log_level, self.settings.log_format)
        _share_memory()
        try:
            if not self.alone and find_spec("scheduler.isolation"):
                # Asked here, where a refusal still ends the start with a sentence.
                import_module("scheduler.isolation").choose(self.settings)
            app = portal.make_app(self.settings)
            with app.app_context():
                if not schema.is_current():
                    schema.upgrade_apart()
                self._welcome = first_start.prepare(
                    email=self.settings.admin_email,
                    password=self.settings.admin_password,
                    token=self.settings.admin_token,
                )
                if self.settings.demo and find_spec("services.demo"):
                    import_module("services.demo").furnish()
        except (BadKey, GantryError) as error:
            raise AppImportError(f"gantry: {error}") from error
        return app

    def _begin(self, worker: Any) -> None:
        """Start what works beside the web; say how to come in."""
        app = worker.wsgi
        if not self.alone and find_spec("scheduler.house"):
            self._running = import_module("scheduler.house").start(app)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, lambda _number, _frame: self._stop(worker))
        _say(self.settings, self._welcome)

    def _stop(self, worker: Any) -> None:
        """End open streams, take no new work, let the phases at work go on for a while."""
        from lib import stopping

        stopping.begin()
        if self._running is not None and self._stopping is None:
            self._stopping = threading.Thread(
                target=self._running.stop, args=(self.settings.drain_s,), name="drain"
            )
            self._stopping.start()
        worker.handle_exit(signal.SIGTERM, None)

    def _end(self, _server: Any, _worker: Any) -> None:
        if self._stopping is not None:
            self._stopping.join(self.settings.drain_s + GRACE_BEYOND_DRAIN_S)
        elif self._running is not None:
            self._running.stop(0)


def _share_memory() -> None:
    """Let the threads of this process share two heaps; by default glibc gives each one its own."""
    arena_max = -8
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(arena_max, 2)


def _say(settings: Settings, welcome: Any) -> None:
    print(f"Gantry is ready on {settings.url}", flush=True)
    if welcome.password:
        print(f"Sign in as {welcome.email} with the password {welcome.password}", flush=True)
        print(f"(kept in {welcome.file} until it is changed)", flush=True)
    elif welcome.file:
        print(f"Sign in with the address and password in {welcome.file}", flush=True)
    elif welcome.email:
        print(f"Sign in as {welcome.email} with the password you have set", flush=True)


def _run(*, alone: bool) -> None:
    settings = portal.settings()
    procfs.hide()  # Nor does a run of the same user read this process's environment.
    Server(settings, alone=alone).run()


@click.command()
def serve() -> None:
    """Serve web, scheduler and embedded pool. Stops cleanly on SIGTERM and Ctrl-C."""
    _run(alone=False)


@click.command()
def web() -> None:
    """Serve the web alone; runs are executed by schedulers and workers elsewhere."""
    _run(alone=True)
