"""Reading or making a file inside a directory, whatever somebody else may have laid on the way.

A run's own code can put a link where its engine is expected to write. Whoever read through it, with
the rights of the portal, would hand the run what it may not read itself.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path


class NotInside(ValueError):
    """The file is a link, or something else than a file, or is reached through a link."""


def read(root: Path, path: Path) -> bytes:
    """The content of the regular file `path` below `root`; no link is followed below `root`.

    Raises:
        NotInside: when a link, a device or the like stands there or on the way.
        FileNotFoundError: when nothing is there.
    """
    folder = os.open(root.resolve(), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        *parents, name = _parts(root, path)
        for parent in parents:
            folder = _descend(folder, parent)
        return _content(folder, name)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise NotInside(f"{path.name} is not a plain file of the run's directory.") from error
    finally:
        os.close(folder)


def write(root: Path, path: Path, data: bytes) -> None:
    """Make the new file `path` below `root`, and its folders; no link is followed below `root`.

    Raises:
        NotInside: when something stands there already, or a link or a file on the way.
    """
    folder = os.open(root.resolve(), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        *parents, name = _parts(root, path)
        for parent in parents:
            with suppress(FileExistsError):
                os.mkdir(parent, 0o700, dir_fd=folder)
            folder = _descend(folder, parent)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(name, flags, 0o600, dir_fd=folder), "wb") as file:
            file.write(data)
    except OSError as error:
        raise NotInside(f"{path.name} cannot be made in the run's directory.") from error
    finally:
        os.close(folder)


def check(root: Path, path: Path) -> None:
    """Refuse a path below `root` that is reached through a link, or is one.

    Raises:
        NotInside: when it is. What is not there may be made.
    """
    here = root.resolve()
    wanted = here.joinpath(*_parts(root, path))
    if wanted.resolve() != wanted:
        raise NotInside(f"{path.name} is not where it seems to be: there is a link on the way.")


def _parts(root: Path, path: Path) -> tuple[str, ...]:
    for start in (root, root.resolve()):
        if path.is_relative_to(start):
            parts = path.relative_to(start).parts
            if parts and ".." not in parts:
                return parts
    raise NotInside(f"{path.name} does not lie in the run's directory.")


def _descend(folder: int, name: str) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    inner = os.open(name, flags, dir_fd=folder)
    os.close(folder)
    return inner


def _content(folder: int, name: str) -> bytes:
    # Without waiting: a named pipe would keep whoever opens it.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, dir_fd=folder), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise NotInside(f"{name} is no file.")
        return file.read()
