"""Directories that come to be whole or not at all."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def directory(dest: Path) -> Iterator[Path]:
    """A new directory, mode 0700, to fill; it becomes `dest` at the end and is gone after an error.

    Raises:
        FileExistsError: when `dest` is there already, or comes to be meanwhile and is not empty.
    """
    if os.path.lexists(dest):
        raise FileExistsError(f"{dest.name} is there already.")
    draft = dest.with_name(f".{dest.name}.{secrets.token_hex(8)}")
    draft.mkdir(mode=0o700, parents=True)
    try:
        yield draft
        draft.rename(dest)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
