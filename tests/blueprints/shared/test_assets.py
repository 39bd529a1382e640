"""Static files: for ever under their digest, compressed once, never outside their tree."""

import gzip
import re

import pytest
import zstandard


@pytest.fixture
def stylesheet(client):
    """The address of the stylesheet, as the sign-in page has it."""
    return re.search(r'href="(/static/\w+/css/app.css)"', client.get("/sign-in").text).group(1)


def test_a_file_under_its_digest_is_kept_for_ever(client, stylesheet):
    assert "immutable" in client.get(stylesheet).headers["Cache-Control"]


def test_a_file_under_another_digest_is_asked_for_again(client):
    assert client.get("/static/000000000000/css/app.css").headers["Cache-Control"] == "no-cache"


def test_the_stylesheet_has_its_imports_in_their_places(client, stylesheet):
    text = client.get(stylesheet).text

    assert "@import" not in text.split("*/", 1)[1]
    assert "@layer tokens {" in text


@pytest.mark.parametrize(
    ("accepted", "unpack"),
    [
        ("gzip", gzip.decompress),
        ("zstd, gzip", lambda body: zstandard.ZstdDecompressor().decompress(body)),
    ],
)
def test_files_are_sent_compressed(client, stylesheet, accepted, unpack):
    plain = client.get(stylesheet).data

    packed = client.get(stylesheet, headers={"Accept-Encoding": accepted})

    assert unpack(packed.data) == plain
    assert "Accept-Encoding" in packed.headers["Vary"]


@pytest.mark.parametrize("name", ["../app.py", "css/../../app.py", "nothing.css", "css"])
def test_nothing_outside_the_tree_is_served(client, name):
    assert client.get(f"/static/x/{name}").status_code in (404, 308)


def test_pages_are_compressed_too(browse):
    packed = browse("dave").get("/account", headers={"Accept-Encoding": "gzip"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert b"<!doctype html>" in gzip.decompress(packed.data)
