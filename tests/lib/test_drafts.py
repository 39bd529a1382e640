"""Directories that come to be whole or not at all."""

import pytest

from lib import drafts


def test_what_was_filled_becomes_the_directory(tmp_path):
    with drafts.directory(tmp_path / "new") as draft:
        (draft / "a").write_text("a")
        assert not (tmp_path / "new").exists()

    assert (tmp_path / "new" / "a").read_text() == "a"
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_after_an_error_nothing_is_left(tmp_path):
    with pytest.raises(RuntimeError), drafts.directory(tmp_path / "new") as draft:
        (draft / "a").write_text("a")
        raise RuntimeError

    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_came_to_be_meanwhile_is_kept(tmp_path):
    with pytest.raises(OSError, match="not empty"), drafts.directory(tmp_path / "new"):
        (tmp_path / "new").mkdir()
        (tmp_path / "new" / "theirs").write_text("theirs")

    assert [path.name for path in tmp_path.rglob("*")] == ["new", "theirs"]


@pytest.mark.parametrize("kind", ["directory", "file", "dangling link"])
def test_what_is_there_already_is_refused(tmp_path, kind):
    taken = tmp_path / "new"
    {
        "directory": taken.mkdir,
        "file": taken.touch,
        "dangling link": lambda: taken.symlink_to("nowhere"),
    }[kind]()

    with pytest.raises(FileExistsError), drafts.directory(taken):
        pass
