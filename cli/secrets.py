"""gantry secrets: the key that everything secret is encrypted with."""

import click

from cli import portal


@click.group()
def secrets() -> None:
    """The key that everything secret is encrypted with."""


@secrets.command()
def rotate() -> None:
    """Encrypt everything with a new key. The portal must be stopped; people sign in again.

    With GANTRY_SECRET_KEY set, set it to the new key and the old one, parted by a space, first.
    """
    with portal.opened() as settings:
        from lib.crypto import CannotDecrypt
        from services import rotation

        rotation.refuse_while_running()
        path = settings.data_dir / "secret.key"
        if settings.secret_key is None:
            rotation.use_new_key(path)
        try:
            count = rotation.reseal_all()
        except CannotDecrypt as error:
            raise click.ClickException(
                f"{error} Old keys are still in use; mend it, and go on."
            ) from error
        print(f"Encrypted with the new key: {count:,} rows.")
        if settings.secret_key is not None:
            print("Now leave only the new key in GANTRY_SECRET_KEY.")
        elif retired := rotation.retire_old_keys(path):
            print(f"The old key is in {retired}: backups made until now need it.")
