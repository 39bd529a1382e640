"""What happens at a start: tables, the key's check, and once the first administrator."""

from dataclasses import dataclass
from pathlib import Path

from models.setting import Setting
from services import schema, tokens, users
from services.errors import GantryError
from services.house import house
from services.transaction import session, transaction

KEY_CHECK = "key_check"
FILE = "first-password"


class WrongKey(GantryError):
    """The secret key is not the one that what is kept here was encrypted with."""

    title = "Wrong secret key"


@dataclass(frozen=True)
class Welcome:
    """How to sign in. `password` is set only when it was made just now."""

    email: str | None = None
    password: str | None = None
    file: Path | None = None


def prepare(*, email: str, password: str | None, token: str | None) -> Welcome:
    """Bring the database to the head, check the key, make the first administrator.

    Raises:
        WrongKey: when what is kept here cannot be opened.
    """
    if not schema.is_current():
        schema.upgrade()
    _check_key()
    with transaction():
        made = users.first_administrator(email, password)
        if made and token:
            tokens.keep(made[0], token, "first start")
    if made is None or made[1] is None:
        return Welcome(made[0].email if made else None, file=_kept())
    path = house().data_dir / FILE
    path.touch(mode=0o600)
    path.write_text(f"{made[0].email}\n{made[1]}\n", encoding="utf-8")
    return Welcome(made[0].email, made[1], path)


def _check_key() -> None:
    """Keep a value by which the key is known again; refuse a start with another."""
    kept = session().get(Setting, KEY_CHECK)
    if kept is None:
        with transaction() as write:
            write.add(Setting(name=KEY_CHECK, value=house().keyring.check_value().hex()))
        return
    if not house().keyring.opens(bytes.fromhex(kept.value)):
        raise WrongKey(
            "The secret key is not the one this database was encrypted with. Put the right one "
            "into GANTRY_SECRET_KEY, or secret.key back into the data directory."
        )


def forget_password(email: str) -> None:
    """Remove the file with the first password, once its owner has chosen another."""
    path = _kept()
    if path is not None and path.read_text(encoding="utf-8").partition("\n")[0] == email:
        path.unlink(missing_ok=True)


def _kept() -> Path | None:
    path = house().data_dir / FILE
    return path if path.exists() else None
