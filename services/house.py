"""What services need of the rest of the house, handed in by `app.py` at the start."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from integrations.mail.post import Keys
from integrations.mail.smtp import Server
from lib.crypto import Keyring
from lib.passwords import Hasher
from models.run_state import RunType


@dataclass(frozen=True)
class EngineFacts:
    """What services must know of an engine: no more than its name, its powers and its refusals."""

    name: str
    run_types: frozenset[RunType]
    refused_variable: Callable[[str, str], str | None]
    """(name, category) → why the engine cannot take the variable, or None."""
    read_state: Callable[[bytes], Any]
    """What a state file says; None for an empty one; raises ValueError for what is none."""


@dataclass(frozen=True)
class MailRoom:
    """How mail comes in and goes out. Without a domain none comes; without a server none goes."""

    domain: str = ""
    keys: Keys = field(default_factory=Keys)
    server: Server | None = None
    sender: str = ""
    limit_bytes: int = 30 << 20
    rate_per_hour: int = 120
    sender_rate_per_hour: int = 30
    kept_days: int = 30


@dataclass(frozen=True)
class House:
    """The instance's fixtures."""

    data_dir: Path
    keyring: Keyring
    engines: Mapping[str, EngineFacts]
    passwords: Hasher = field(default_factory=Hasher)
    allowed_hosts: tuple[str, ...] = ()
    anyone_creates: bool = False
    upload_limit_bytes: int = 64 << 20
    session_days: int = 14
    disk_floor_bytes: int = 512 << 20
    base_url: str = "http://127.0.0.1:8000"
    mail: MailRoom = field(default_factory=MailRoom)

    def run_types(self, engine: str) -> frozenset[RunType]:
        """What an engine can do; nothing when this Gantry has (no longer) one of that name."""
        facts = self.engines.get(engine)
        return facts.run_types if facts else frozenset()

    def log_path(self, run_id: str) -> Path:
        """Where the log of a run is kept."""
        return self.data_dir / "logs" / run_id[-2:] / f"{run_id}.log"

    def work_dir(self, run_id: str) -> Path:
        """Where a run works."""
        return self.data_dir / "work" / run_id


_house: House | None = None


def move_in(house: House) -> None:
    """Make these the fixtures of this process."""
    global _house  # noqa: PLW0603 - one house per process, furnished once by the app
    _house = house


def house() -> House:
    """The fixtures of this process."""
    if _house is None:
        raise RuntimeError("The house is not furnished yet: create_app() does that.")
    return _house
