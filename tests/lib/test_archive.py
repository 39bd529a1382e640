"""Archives: the harmless unpack whole, the others are refused and leave nothing."""

import gzip
import io
import os
import random
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.archive import Limits, Refused, digest, extract, pack


class ArchiveMaker:
    """Builds a .tar.gz member by member, with whatever header an attacker would write."""

    def __init__(self, directory):
        self.path = directory / "upload.tar.gz"
        self.dest = directory / "code"
        self._raw = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._raw, mode="w")  # noqa: SIM115 - closed in `save`.

    def add(self, name, content=b"", **header):
        member = tarfile.TarInfo(name)
        member.size = len(content)
        for key, value in header.items():
            setattr(member, key, value)
        self._tar.addfile(member, io.BytesIO(content) if content else None)
        return self

    def save(self):
        self._tar.close()
        self.path.write_bytes(gzip.compress(self._raw.getvalue()))
        return self.path

    def extract(self, **limits):
        return extract(self.save(), self.dest, Limits(**limits))


@pytest.fixture
def archive(tmp_path):
    return ArchiveMaker(tmp_path)


def assert_nothing_is_left(archive):
    assert [path.name for path in archive.path.parent.iterdir()] == ["upload.tar.gz"]


def test_files_and_directories_are_unpacked(archive):
    archive.add("modules", type=tarfile.DIRTYPE).add("modules/a.tf", b"a").add("main.tf", b"main")

    extracted = archive.extract()

    assert (archive.dest / "modules" / "a.tf").read_bytes() == b"a"
    assert (archive.dest / "main.tf").read_bytes() == b"main"
    assert (extracted.files, extracted.size_bytes) == (2, 5)
    assert extracted.root == archive.dest


def test_parents_need_no_member_of_their_own(archive):
    archive.add("a/b/c.tf", b"c").extract()

    assert (archive.dest / "a/b/c.tf").read_bytes() == b"c"


def test_paths_that_begin_with_a_dot_are_fine(archive):
    archive.add("./", type=tarfile.DIRTYPE).add("./main.tf", b"x").extract()

    assert (archive.dest / "main.tf").read_bytes() == b"x"


def test_a_single_top_directory_is_found(archive):
    extracted = archive.add("stack-1.2/main.tf", b"x").extract()

    assert extracted.root == archive.dest / "stack-1.2"


def test_an_executable_stays_one_and_all_is_private(archive):
    archive.add("run.sh", b"x", mode=0o755).add("main.tf", b"x", mode=0o666).extract()

    assert (archive.dest / "run.sh").stat().st_mode & 0o777 == 0o700
    assert (archive.dest / "main.tf").stat().st_mode & 0o777 == 0o600
    assert archive.dest.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/etc/passwd", "absolute path"),
        ("C:/windows", "absolute path"),
        ("../x", "leads out"),
        ("a/../../x", "leads out"),
        ("a/..", "leads out"),
        ("a\\b", "characters"),
        ("a\nb", "characters"),
        ("a\x7fb", "characters"),
        ("\udcff.tf", "characters"),
        ("x" * 300, "too long"),
        ("/".join(["d" * 200] * 6), "too long"),
        ("/".join("d" * 40), "32 directories deep"),
    ],
)
def test_a_bad_name_is_refused(archive, name, reason):
    archive.add("good.tf", b"x").add(name, b"x")

    with pytest.raises(Refused, match=reason):
        archive.extract()

    assert_nothing_is_left(archive)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}, "a link"),
        ({"type": tarfile.SYMTYPE, "linkname": "good.tf"}, "a link"),
        ({"type": tarfile.LNKTYPE, "linkname": "good.tf"}, "a link"),
        ({"type": tarfile.CHRTYPE}, "neither a file"),
        ({"type": tarfile.BLKTYPE}, "neither a file"),
        ({"type": tarfile.FIFOTYPE}, "neither a file"),
        ({"type": tarfile.GNUTYPE_SPARSE}, "archive"),
        ({"type": b"Z"}, "neither a file"),
        ({"mode": 0o4755}, "set-user"),
        ({"mode": 0o2755}, "set-user"),
        ({"type": tarfile.DIRTYPE, "mode": 0o2755}, "set-user"),
    ],
)
def test_a_bad_kind_of_member_is_refused(archive, header, reason):
    archive.add("good.tf", b"x").add("bad", **header)

    with pytest.raises(Refused, match=reason):
        archive.extract()

    assert_nothing_is_left(archive)


def test_a_file_through_a_link_is_refused_at_the_link(archive, tmp_path):
    outside = tmp_path.parent / "outside"
    archive.add("out", type=tarfile.SYMTYPE, linkname=str(outside)).add("out/x", b"x")

    with pytest.raises(Refused, match="“out”"):
        archive.extract()

    assert not outside.exists()


@pytest.mark.parametrize("second", ["a.tf", "./a.tf", "a.tf/", "x//../a.tf", "a.tf/b"])
def test_a_name_taken_twice_is_refused(archive, second):
    archive.add("a.tf", b"1").add(second, b"2")

    with pytest.raises(Refused, match=r"twice|below a file|leads out"):
        archive.extract()

    assert_nothing_is_left(archive)


def test_two_spellings_of_one_name_are_refused(archive):
    archive.add("\u00e4.tf", b"1").add("a\u0308.tf", b"2")

    with pytest.raises(Refused, match="twice"):
        archive.extract()


def test_a_file_in_place_of_a_directory_is_refused(archive):
    archive.add("a/b.tf", b"1").add("a", b"2")

    with pytest.raises(Refused, match="“a” twice"):
        archive.extract()


def test_a_directory_named_again_is_fine(archive):
    archive.add("a", type=tarfile.DIRTYPE).add("a/b.tf").add("a", type=tarfile.DIRTYPE)

    assert archive.extract().files == 1


def test_too_many_members_are_refused(archive):
    for number in range(4):
        archive.add(f"{number}.tf")

    with pytest.raises(Refused, match="more than 3 members"):
        archive.extract(members=3)

    assert_nothing_is_left(archive)


def test_too_much_content_is_refused(archive):
    archive.add("big", random.Random(1).randbytes(50_000))  # noqa: S311 - noise that does not compress.

    with pytest.raises(Refused, match="more than 40,000 bytes"):
        archive.extract(total_bytes=40_000)

    assert_nothing_is_left(archive)


def test_a_bomb_is_refused_by_its_ratio(archive):
    archive.add("bomb", bytes(5_000_000))

    with pytest.raises(Refused, match="far more than its own size"):
        archive.extract(ratio=20, ratio_from_bytes=100_000)

    assert_nothing_is_left(archive)


def test_a_header_of_gigabytes_is_refused_before_it_is_read(archive):
    archive.add("x", type=tarfile.XHDTYPE, size=8_000_000_000)

    with pytest.raises(Refused, match="not a complete"):
        archive.extract()


def test_a_long_chain_of_headers_is_refused(archive):
    for _ in range(2_000):
        archive.add("x", b"9 a=bcde\n", type=tarfile.XHDTYPE)

    with pytest.raises(Refused, match="not a complete"):
        archive.extract()


def test_a_negative_size_is_refused(archive):
    archive.add("x", b"14 size=-1024\n", type=tarfile.XHDTYPE).add("y", b"y")

    with pytest.raises(Refused):
        archive.extract()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        b"\x1f\x8b",
        gzip.compress(b"no tar", mtime=0),
        gzip.compress(b"", mtime=0),
    ],
)
def test_what_is_no_archive_is_refused(archive, content):
    archive.path.write_bytes(content)

    with pytest.raises(Refused, match=r"not a complete \.tar\.gz"):
        extract(archive.path, archive.dest)

    assert_nothing_is_left(archive)


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9, 0.99])
def test_a_cut_archive_is_refused(archive, kept):
    whole = archive.add("a", os.urandom(9_000)).add("b", os.urandom(9_000)).save().read_bytes()
    archive.path.write_bytes(whole[: int(len(whole) * kept)])

    with pytest.raises(Refused, match="not a complete"):
        extract(archive.path, archive.dest)

    assert_nothing_is_left(archive)


def test_a_tar_that_ends_between_two_members_is_refused(archive):
    archive.add("a", b"x").add("b", b"y")
    raw = gzip.decompress(archive.save().read_bytes())
    archive.path.write_bytes(gzip.compress(raw[:1024]))

    with pytest.raises(Refused, match="not a complete"):
        extract(archive.path, archive.dest)


def test_a_damaged_member_header_is_refused(archive):
    archive.add("a", b"x").add("b", b"y")
    raw = bytearray(gzip.decompress(archive.save().read_bytes()))
    raw[1024] ^= 1
    archive.path.write_bytes(gzip.compress(bytes(raw)))

    with pytest.raises(Refused, match="not a complete"):
        extract(archive.path, archive.dest)


def test_what_is_there_already_is_not_touched(archive):
    archive.dest.mkdir()
    (archive.dest / "kept").write_text("mine")

    with pytest.raises(FileExistsError):
        archive.add("kept", b"theirs").extract()

    assert (archive.dest / "kept").read_text() == "mine"


ODD_NAMES = st.text(st.sampled_from("ab./\\:\n\0 ä-"), min_size=1, max_size=12)


@given(st.lists(ODD_NAMES, max_size=6))
def test_no_name_writes_outside_and_a_refusal_leaves_nothing(tmp_path_factory, names):
    archive = ArchiveMaker(tmp_path_factory.mktemp("odd"))
    for name in names:
        archive.add(name, b"x")

    try:
        extracted = archive.extract()
    except Refused:
        assert_nothing_is_left(archive)
    else:
        inside = [path for path in archive.dest.rglob("*") if path.is_file()]
        assert len(inside) == extracted.files
        assert {path.name for path in archive.path.parent.iterdir()} == {"upload.tar.gz", "code"}


@given(st.binary(max_size=300), st.integers(0, 10_000))
def test_no_damage_does_more_than_refuse(tmp_path_factory, noise, place):
    archive = ArchiveMaker(tmp_path_factory.mktemp("noise"))
    whole = archive.add("a.tf", b"content" * 50).add("b/c.tf", b"more").save()
    raw = bytearray(gzip.decompress(whole.read_bytes()))
    raw[place : place + len(noise)] = noise
    whole.write_bytes(gzip.compress(bytes(raw)))

    try:
        extract(whole, archive.dest)
    except Refused:
        assert_nothing_is_left(archive)


def test_the_digest_is_that_of_the_bytes(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"abc")

    assert digest(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def make_tree(root: Path):
    (root / "modules" / "empty").mkdir(parents=True)
    (root / "modules" / "a.tf").write_text("a")
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    return root


def test_what_is_packed_unpacks_the_same(tmp_path):
    packed = tmp_path / "packed.tar.gz"
    packed.write_bytes(pack(make_tree(tmp_path / "tree")))

    extract(packed, tmp_path / "again")

    assert pack(tmp_path / "again") == packed.read_bytes()
    assert (tmp_path / "again" / "modules" / "empty").is_dir()


def test_packing_depends_on_the_tree_alone(tmp_path):
    first, second = make_tree(tmp_path / "one"), make_tree(tmp_path / "two")
    os.utime(second / "run.sh", (1, 1))
    (second / "modules" / "a.tf").chmod(0o600)

    assert pack(first) == pack(second)


def test_links_are_not_packed(tmp_path):
    make_tree(tmp_path / "tree")
    (tmp_path / "tree" / "link").symlink_to("run.sh")

    with pytest.raises(ValueError, match="link is neither"):
        pack(tmp_path / "tree")
