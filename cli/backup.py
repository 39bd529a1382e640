"""gantry backup, gantry restore: everything the portal keeps, in one file, and back."""

from pathlib import Path

import click

from cli import portal

PATH = click.Path(path_type=Path, dir_okay=False)
EXISTING = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command()
@click.argument("file", type=PATH)
@click.option("--with-logs", is_flag=True, help="Also the logs of runs that have ended.")
@click.option(
    "--with-key",
    is_flag=True,
    help="Also the secret key. Whoever has the file can then read every secret in it; without, "
    "keep the key apart: nothing can be restored if it is lost.",
)
def backup(file: Path, *, with_logs: bool, with_key: bool) -> None:
    """Write everything the portal keeps to FILE, while it goes on working."""
    with portal.opened():
        from services import backup as backups

        made = backups.make(file, with_logs=with_logs, with_key=with_key)
        print(f"Wrote {file}: {file.stat().st_size >> 10:,} KB, as of {made.made_at}.")
        if not with_key:
            print("The secret key is not in it; keep it elsewhere.")


@click.command()
@click.argument("file", type=EXISTING)
@click.option(
    "--block-all",
    is_flag=True,
    help="Block every deployment: for when the portal went on after this backup was made.",
)
def restore(file: Path, *, block_all: bool) -> None:
    """Fill an empty data directory and database from FILE. Nothing runs until it is released."""
    with portal.refusals():
        from services import restore as restores
        from services.backup_file import Reader

        settings = portal.settings()
        restores.refuse_unless_empty(settings.data_dir)
        with Reader(file) as reader:
            reader.verify()
            restores.lay_key(reader, settings.data_dir, key_is_set=settings.secret_key is not None)
            with portal.opened():
                done = restores.restore(reader, block_all=block_all)
    print(f"Restored {done.rows:,} rows as of {done.manifest.made_at}.")
    print(f"Runs that were at work and have failed: {done.failed}. Laid down: {done.laid_down}.")
    print(f"Deployments that are blocked until somebody settles them: {done.blocked}.")
    print("Gantry is on hold: look around, then release it (“gantry hold release”, or any page).")
