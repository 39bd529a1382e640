"""A folder as an upload: what is left out, and that the same files are the same bytes."""

import gzip
import io
import os
import subprocess
import tarfile
import time

import pytest

from cli.client import packing
from cli.client.failures import Failure
from lib import archive


def lay(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def chosen(folder):
    return [path.relative_to(folder.resolve()).as_posix() for path in packing.choose(folder)[0]]


def content(folder):
    with packing.packed(folder) as packed:
        return packed.file.read()


def test_what_init_fetches_and_states_are_left_out(tmp_path):
    lay(
        tmp_path,
        {
            "main.tf": "", ".terraform.lock.hcl": "", "modules/a/main.tf": "", ".terraform/x": "",
            "terraform.tfstate": "", "terraform.tfstate.backup": "", ".git/HEAD": "",
            "modules/a/.terraform/y": "", "terraform.tfstate.d/dev/terraform.tfstate": "",
        },
    )  # fmt: skip

    assert chosen(tmp_path) == [".terraform.lock.hcl", "main.tf", "modules/a/main.tf"]


@pytest.mark.parametrize(
    ("rules", "left"),
    [
        ("*.log", {"a.tf", "keep/b.log.tf", "keep/c.tfvars"}),
        (
            "*.tfvars\n!keep/c.tfvars",
            {"a.tf", "keep/b.log.tf", "keep/c.tfvars", "d.log", "keep/e.log"},
        ),
        ("/*.log", {"a.tf", "keep/b.log.tf", "keep/c.tfvars", "keep/e.log"}),
        ("keep/", {"a.tf", "d.log"}),
        ("keep/\n!keep/b.log.tf", {"a.tf", "d.log"}),
        ("# a comment\n\nkeep/**/*.log", {"a.tf", "d.log", "keep/b.log.tf", "keep/c.tfvars"}),
    ],
)
def test_gitignore_means_what_git_means(tmp_path, rules, left):
    names = ["a.tf", "d.log", "keep/b.log.tf", "keep/c.tfvars", "keep/e.log"]
    lay(tmp_path, {**dict.fromkeys(names, "x"), ".gitignore": rules})
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    listed = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard"],
        cwd=tmp_path, check=True, capture_output=True, text=True,
    )  # fmt: skip

    assert set(chosen(tmp_path)) == {*left, ".gitignore"}
    assert set(listed.stdout.split()) == {*left, ".gitignore"}


def test_rules_hold_below_their_folder_and_those_above_as_far_as_the_repository(tmp_path):
    lay(
        tmp_path,
        {
            ".gitignore": "*.secret\n", "repo/.git/HEAD": "",
            "repo/.gitignore": "*.out\n/infra/only\n",
            "repo/infra/.gitignore": "!b.out\n", "repo/infra/a.out": "", "repo/infra/b.out": "",
            "repo/infra/only": "", "repo/infra/x.secret": "", "repo/infra/deep/only": "",
        },
    )  # fmt: skip

    assert chosen(tmp_path / "repo/infra") == [".gitignore", "b.out", "deep/only", "x.secret"]


def test_terraformignore_has_the_last_word(tmp_path):
    lay(
        tmp_path,
        {
            ".gitignore": "*.tfvars\n", ".terraformignore": "!prod.tfvars\ndocs/\n", "main.tf": "",
            "prod.tfvars": "", "dev.tfvars": "", "docs/a.md": "",
        },
    )  # fmt: skip

    assert chosen(tmp_path) == [".gitignore", ".terraformignore", "main.tf", "prod.tfvars"]


def test_the_same_files_are_the_same_bytes(tmp_path):
    one = lay(tmp_path / "one", {"b.tf": "b", "a/c.tf": "c"})
    first = content(one)
    os.utime(one / "b.tf", (time.time() - 9999,) * 2)
    two = lay(tmp_path / "two", {"a/c.tf": "c", "b.tf": "b"})

    assert content(one) == first == content(two)


def test_the_server_s_own_check_takes_it(tmp_path):
    folder = lay(tmp_path / "code", {"main.tf": "x", "a/run.sh": "y"})
    (folder / "a/run.sh").chmod(0o755)
    (tmp_path / "code.tar.gz").write_bytes(content(folder))

    unpacked = archive.extract(tmp_path / "code.tar.gz", tmp_path / "out")

    assert unpacked.files == 2
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(content(folder)))) as tar:
        assert [(each.name, each.mode) for each in tar] == [("a/run.sh", 0o755), ("main.tf", 0o644)]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_links_are_refused_by_name_unless_they_are_left_out(tmp_path, kind):
    lay(tmp_path, {"main.tf": "", "real/x": ""})
    (tmp_path / "link").symlink_to(tmp_path / ("main.tf" if kind == "file" else "real"))

    with pytest.raises(Failure, match="link is a link"):
        packing.choose(tmp_path)

    (tmp_path / ".terraformignore").write_text("link\n")
    assert "link" not in chosen(tmp_path)


def test_pipes_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(Failure, match="neither a file nor a folder"):
        packing.choose(tmp_path)


def test_an_empty_folder_is_nothing_to_upload(tmp_path):
    with pytest.raises(Failure, match="nothing to upload"), packing.packed(tmp_path):
        pass


def test_the_body_is_as_long_as_it_says_and_can_be_sent_again(tmp_path):
    with packing.packed(lay(tmp_path, {"main.tf": "x" * 1000})) as packed:
        upload = packing.upload("shop", packed)
        first, second = b"".join(upload.pieces()), b"".join(upload.pieces())

    assert first == second
    assert len(first) == upload.size_bytes
