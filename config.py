"""Settings: one table, read from the environment and from gantry.toml, checked at the start.

This module is the only reader of the environment. A malformed setting, or an unknown one in the
file, stops the start with a sentence; an unknown `GANTRY_…` variable only warns.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from integrations.mail import setting_text as mail_text
from lib.setting_text import (
    file_path,
    file_paths,
    one_of,
    optional,
    setting,
    switch,
    whole,
    word_list,
)

PREFIX = "GANTRY_"
# The command line reads these, when it speaks to a portal from anywhere.
CLIENTS = {PREFIX + name for name in ("URL", "TOKEN", "PROFILE", "CA_FILE")}
FILE_SUFFIX = "_FILE"
CONFIG_FILE = "gantry.toml"
LONGEST_DATA_DIR = 56
"""A unix socket's name has 107 bytes at most; a run's directory and a provider take the rest."""


class SettingsError(Exception):
    """The settings cannot be used; the message says which one and why."""


def _admin_token(text: str) -> str | None:
    if text and (len(text) < 32 or not text.startswith("gty_")):
        raise ValueError("say a string of 32 characters or more that begins with gty_")
    return text or None


def _base_url(text: str) -> str | None:
    url = text.strip().rstrip("/")
    if url and not url.startswith(("http://", "https://")):
        raise ValueError("say a URL that begins with http:// or https://")
    return url or None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that can be set. A field `data_dir` is the variable `GANTRY_DATA_DIR`."""

    data_dir: Path = setting(
        Path("data").resolve(), file_path, "Where Gantry keeps its database, logs, keys and work."
    )
    database_url: str | None = setting(
        None,
        optional,
        "SQLAlchemy URL of the database: sqlite:///… or postgresql+psycopg://….",
        secret=True,
        shown="SQLite in the data directory",
    )
    host: str = setting("127.0.0.1", str, "Address to listen on.")
    port: int = setting(8000, whole(1, 65535), "Port to listen on.")
    base_url: str | None = setting(
        None, _base_url, "The URL people use; links are made from it.", shown="http://HOST:PORT"
    )
    trusted_hosts: tuple[str, ...] = setting(
        (), word_list, "Host names requests may name; empty allows the base URL's and loopback."
    )
    trusted_proxies: int = setting(
        0, whole(0, 8), "How many proxies in front may set X-Forwarded-… headers."
    )
    secret_key: str | None = setting(
        None,
        optional,
        "The key of keys. Made and kept in the data directory when unset.",
        secret=True,
        shown="made on first start",
    )
    admin_email: str = setting(
        "admin@example.com", str, "Address of the first administrator (first start only)."
    )
    admin_password: str | None = setting(
        None,
        optional,
        "Password of the first administrator (first start only).",
        secret=True,
        shown="made and printed once",
    )
    admin_token: str | None = setting(
        None,
        _admin_token,
        "An API token of the first administrator (first start only): gty_ and 28 characters more.",
        secret=True,
    )
    demo: bool = setting(
        default=False, parse=switch, help_text="Make a demo project on first start."
    )
    workers: int = setting(4, whole(0, 64), "Threads of the embedded pool; 0 runs nothing here.")
    threads: int = setting(256, whole(8, 2000), "Threads that serve requests and streams.")
    executor: str = setting("threads", one_of("threads"), "Which engine executes queued runs.")
    engine: str | None = setting(
        None, optional, "Path of the tofu or terraform to use.", shown="PATH, else the bundled one"
    )
    engine_env: tuple[str, ...] = setting(
        (),
        word_list,
        "Names of Gantry's own variables that engines inherit: proxies, certificates.",
    )
    engine_downloads: bool = setting(
        default=True, parse=switch, help_text="Whether providers may be fetched from registries."
    )
    isolation: str = setting(
        "auto",
        one_of("auto", "none", "user", "namespaces"),
        "How runs are kept apart; auto takes the strongest tier that works, a named one must.",
    )
    run_user: str | None = setting(
        None,
        optional,
        "The system's user whose group runs have; each is a user of its own. Needs root.",
    )
    run_paths: tuple[Path, ...] = setting(
        (), file_paths, "Paths that runs in namespaces may read beside the system's own."
    )
    run_memory_mb: int = setting(
        0, whole(0, 1 << 20), "Most address space of each process of a run; 0 sets no limit."
    )
    run_file_mb: int = setting(
        0, whole(0, 1 << 20), "Largest file a run may write; 0 sets no limit."
    )
    run_processes: int = setting(
        4096,
        whole(0, 1 << 22),
        "Most processes and threads of a run that has a user of its own; 0 sets no limit.",
    )
    disk_floor_mb: int = setting(
        512, whole(0, 1 << 20), "Below this much free disk nothing that changes things starts."
    )
    allowed_hosts: tuple[str, ...] = setting(
        (),
        word_list,
        "Private names and networks git may reach; http://… and file://… mark exceptions.",
    )
    anyone_creates: bool = setting(
        default=False,
        parse=switch,
        help_text="Whether everyone may create projects and workspaces, not only administrators.",
    )
    email_domain: str | None = setting(
        None,
        mail_text.domain,
        "Domain of the addresses of e-mail triggers; without one there are none.",
    )
    mailgun_signing_key: str | None = setting(
        None, optional, "Mailgun's HTTP webhook signing key; opens its webhook.", secret=True
    )
    mailgun_spam_filter: bool = setting(
        default=False,
        parse=switch,
        help_text="Whether Mailgun's spam filter is on, so that its SPF and DKIM results count.",
    )
    sendgrid_public_key: str | None = setting(
        None, mail_text.sendgrid_key, "Public key of SendGrid's security policy; opens its webhook."
    )
    postmark_credentials: str | None = setting(
        None,
        mail_text.credentials,
        "user:password that stand in Postmark's webhook URL; they open it.",
        secret=True,
    )
    ses_topics: tuple[str, ...] = setting(
        (),
        mail_text.topics,
        "ARNs of the SNS topics to which Amazon SES publishes mail; they open it.",
    )
    mail_signing_key: str | None = setting(
        None,
        mail_text.long_secret,
        "Secret that signs raw MIME posted to Gantry; opens it.",
        secret=True,
    )
    email_authserv_id: str | None = setting(
        None, optional, "Whose Authentication-Results count in raw MIME: your mail server's name."
    )
    email_max_age_s: int = setting(
        9 * 3600,
        whole(60, 259_200),
        "How old a mail service's signature may be; each is good once. Services try for hours.",
    )
    email_limit_mb: int = setting(30, whole(1, 50), "Largest message a mail service may post.")
    email_rate: int = setting(
        120, whole(1, 1_000_000), "Most runs an hour that one e-mail trigger starts."
    )
    email_sender_rate: int = setting(
        30, whole(1, 1_000_000), "Most messages an hour taken of one sender, and replies to one."
    )
    email_retention_days: int = setting(
        30, whole(1, 3650), "How long received messages are kept; their lines in lists stay longer."
    )
    smtp_url: str | None = setting(
        None,
        mail_text.smtp_url,
        "Where mail goes out: smtp://user:password@host:587 (STARTTLS), or smtps://….",
        secret=True,
    )
    mail_from: str | None = setting(
        None, optional, "Sender of Gantry's mail.", shown="gantry@ the e-mail domain or host"
    )
    log_retention_days: int = setting(60, whole(1, 3650), "How long run logs are kept.")
    upload_limit_mb: int = setting(64, whole(1, 2048), "Largest upload of a configuration.")
    api_requests_per_s: int = setting(
        1000,
        whole(0, 1_000_000),
        "Requests a second that each API token may send to each process; 0 sets no limit.",
    )
    session_days: int = setting(14, whole(1, 365), "How long a sign-in lasts without use.")
    drain_s: int = setting(
        20, whole(0, 3600), "How long a stopping portal lets running phases go on."
    )
    log_level: str = setting(
        "info", one_of("debug", "info", "warning", "error"), "How much is logged."
    )
    log_format: str = setting("text", one_of("text", "json"), "How log lines look.")
    metrics_open: bool = setting(
        default=False, parse=switch, help_text="Whether everybody who comes may read /metrics."
    )
    metrics_token: str | None = setting(
        None,
        optional,
        "A text that, sent as the bearer token, reads /metrics; administrators may anyway.",
        secret=True,
    )

    @property
    def url(self) -> str:
        """The base of every link, without a slash at its end."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104 - compared
        return self.base_url or f"http://{host}:{self.port}"

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.data_dir / 'gantry.db'}"

    @property
    def secure_cookies(self) -> bool:
        """Whether people come by TLS, so that cookies may insist on it."""
        return self.url.startswith("https://")


@dataclass(frozen=True)
class SettingLine:
    """A setting as the administration page and the documentation show it."""

    variable: str
    value: str
    default: str
    help: str
    is_set: bool


def load(environ: Mapping[str, str] | None = None) -> tuple[Settings, list[str]]:
    """Read the settings in force, and the warnings that go with them.

    Later ones win: default, gantry.toml (or the file named by `GANTRY_CONFIG`), environment.

    Raises:
        SettingsError: when a value is malformed, or the file names an unknown setting.
    """
    environ = os.environ if environ is None else environ
    values = _from_file(environ)
    given, warnings = _from_environment(environ)
    settings = Settings(**(values | given))
    if len(str(settings.data_dir)) > LONGEST_DATA_DIR:
        warnings.append(
            f"{PREFIX}DATA_DIR is longer than {LONGEST_DATA_DIR} characters: the sockets of "
            "providers, in a run's directory, may get names that are too long to be used."
        )
    return settings, warnings


def inherited(names: tuple[str, ...], environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of Gantry's own environment that the setting lets engines see."""
    environ = os.environ if environ is None else environ
    return {name: environ[name] for name in names if name in environ}


def lines(settings: Settings) -> list[SettingLine]:
    """Every setting in force, in the order of the table; secrets show only that they are set."""
    return [_line(settings, row) for row in fields(Settings)]


def _line(settings: Settings, row: Any) -> SettingLine:
    value = getattr(settings, row.name)
    is_set = value != row.default
    shown = "set" if is_set and row.metadata["secret"] else _text(value)
    default = row.metadata["shown"] or _text(row.default)
    return SettingLine(
        variable=PREFIX + row.name.upper(),
        value=shown if is_set else default,
        default=default,
        help=row.metadata["help"],
        is_set=is_set,
    )


def _text(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case tuple():
            return " ".join(map(str, value)) or "none"
        case None:
            return "none"
        case _:
            return str(value)


def _from_file(environ: Mapping[str, str]) -> dict[str, Any]:
    named = environ.get(PREFIX + "CONFIG")
    path = Path(named or CONFIG_FILE)
    if not path.exists():
        if named:
            raise SettingsError(f"{PREFIX}CONFIG names {named}, which does not exist.")
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.") from error
    known = {row.name: row for row in fields(Settings)}
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise SettingsError(f"{path} has settings Gantry does not know: {', '.join(unknown)}.")
    return {name: _parse(known[name], _as_text(value)) for name, value in table.items()}


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(str(item) for item in value)
    return _text(value) if isinstance(value, bool) else str(value)


def _from_environment(environ: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    known = {PREFIX + row.name.upper(): row for row in fields(Settings)}
    values: dict[str, Any] = {}
    for variable, row in known.items():
        text = _text_of(variable, environ)
        if text is not None:
            values[row.name] = _parse(row, text)
    allowed = set(known) | {name + FILE_SUFFIX for name in known} | {PREFIX + "CONFIG"} | CLIENTS
    strangers = sorted({name for name in environ if name.startswith(PREFIX)} - allowed)
    return values, [f"{name} is not a setting Gantry knows; it is ignored." for name in strangers]


def _text_of(variable: str, environ: Mapping[str, str]) -> str | None:
    """The text of a variable, or of the file its `…_FILE` sibling names."""
    path = environ.get(variable + FILE_SUFFIX)
    if path is None:
        return environ.get(variable)
    if variable in environ:
        raise SettingsError(f"{variable} and {variable}{FILE_SUFFIX} are both set; set one.")
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{variable}{FILE_SUFFIX} cannot be read: {error}.") from error


def _parse(row: Any, text: str) -> Any:
    try:
        return row.metadata["parse"](text)
    except ValueError as error:
        raise SettingsError(f"{PREFIX}{row.name.upper()}: {error}.") from error
