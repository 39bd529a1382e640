import os

import pytest

from lib import inside
from lib.inside import NotInside


@pytest.fixture
def root(tmp_path):
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "run" / "src").mkdir(parents=True)
    return tmp_path / "run"


def test_a_file_is_read(root):
    (root / "src" / "state").write_text("{}")

    assert inside.read(root, root / "src" / "state") == b"{}"


def test_the_root_itself_may_be_reached_by_a_link(root, tmp_path):
    (root / "state").write_text("{}")
    (tmp_path / "alias").symlink_to(root)

    assert inside.read(tmp_path / "alias", root / "state") == b"{}"
    assert inside.read(tmp_path / "alias", tmp_path / "alias" / "state") == b"{}"


def test_a_file_is_made_with_its_folders(root):
    inside.write(root, root / "src" / "attachments" / "order.yaml", b"size: 3")
    inside.write(root, root / "src" / "attachments" / "other.yaml", b"")

    assert (root / "src" / "attachments" / "order.yaml").read_bytes() == b"size: 3"


def test_nothing_is_made_through_a_link_nor_over_what_is_there(root, tmp_path):
    (root / "src" / "attachments").symlink_to(tmp_path)
    (root / "src" / "main.tf").write_text("")

    for path in ("attachments/secret", "attachments/new", "main.tf", "main.tf/x", "../up"):
        with pytest.raises(NotInside):
            inside.write(root, root / "src" / path if path != "../up" else root / path, b"x")

    assert (tmp_path / "secret").read_text() == "secret"
    assert not (tmp_path / "new").exists()


def test_what_is_not_there_is_not_found(root):
    with pytest.raises(FileNotFoundError):
        inside.read(root, root / "src" / "state")


@pytest.mark.parametrize(
    "lay",
    [
        lambda root: (root / "src" / "state").symlink_to("../../secret"),
        lambda root: ((root / "src").rmdir(), (root / "src").symlink_to(root.parent)),
        lambda root: os.mkfifo(root / "src" / "state"),
        lambda root: (root / "src" / "state").mkdir(),
    ],
    ids=["link", "folder that is a link", "pipe", "folder"],
)
def test_what_a_run_may_have_laid_there_is_refused(lay, root):
    (root.parent / "state").write_text("secret")
    lay(root)

    with pytest.raises(NotInside):
        inside.read(root, root / "src" / "state")


def test_paths_that_leave_the_root_are_refused(root):
    for path in (root / ".." / "secret", root.parent / "secret", root):
        with pytest.raises(NotInside):
            inside.read(root, path)


def test_a_folder_that_is_a_link_is_refused_where_something_is_to_be_written(root):
    inside.check(root, root / "changes")
    (root / "changes").symlink_to(root.parent)

    with pytest.raises(NotInside):
        inside.check(root, root / "changes")
