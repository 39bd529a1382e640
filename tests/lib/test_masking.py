"""Known secrets are taken out, however they are written and however the stream is cut."""

import base64
import json
import random
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.masking import MASK, Masker, can_mask

SECRET = 'p@ss"word\\1 <&> ü'
LINES = (
    "-----BEGIN KEY-----",
    "MIIEowIBAAKCAQEAx7Vb",
    "second+line/of=it",
    "x",
    "-----END KEY-----",
)
KEY = "\n".join(LINES) + "\n"


def stream(masker: Masker, data: bytes, cuts: list[int]) -> bytes:
    bounds = [0, *sorted(cuts), len(data)]
    pieces = [masker.feed(data[a:b]) for a, b in pairwise(bounds)]
    return b"".join(pieces) + masker.finish()


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1]
        .replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
    ],
    ids=["plain", "JSON", "JSON in UTF-8", "JSON as Go writes it", "base64", "base64url"],
)  # fmt: skip
def test_a_secret_is_masked_however_it_is_written(written):
    masker = Masker([SECRET])

    assert masker.mask_text(f"<{written}>") == f"<{MASK.decode()}>"


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_a_secret_within_something_longer_in_base64_is_masked(before):
    encoded = base64.b64encode(f"{before}correct-horse-battery:x".encode()).decode()

    masked = Masker(["correct-horse-battery"]).mask_text(encoded)

    assert MASK.decode() in masked
    assert len(masked) - len(MASK) <= 10


def test_a_long_secret_is_masked_in_base64_with_line_ends():
    secret = "".join(chr(33 + n % 90) for n in range(300))

    masked = Masker([secret]).mask(base64.encodebytes(secret.encode()))

    assert set(masked.split()) == {MASK}


def test_each_line_of_a_secret_with_several_is_masked_by_itself():
    masker = Masker([KEY])

    assert masker.mask_text("key: MIIEowIBAAKCAQEAx7Vb.") == "key: [secret]."
    assert masker.mask_text(KEY) == "[secret]"
    assert masker.mask_text(json.dumps(KEY)) == '"[secret]"'


def test_short_secrets_are_not_masked():
    assert Masker(["12345", ""]).mask_text("12345") == "12345"
    assert Masker(["123456"]).mask_text("123456") == "[secret]"
    assert not can_mask("12345")


def test_the_longest_secret_wins():
    masker = Masker(["secret", "secret-and-more"])

    assert masker.mask_text("secret-and-less secret-and-more") == "[secret]-and-less [secret]"


def test_values_within_json_are_masked():
    masker = Masker(["secret"])

    masked = masker.mask_value({"a": ["secret", 1, None, {"secret": True}]})

    assert masked == {"a": ["[secret]", 1, None, {"[secret]": True}]}


def test_lines_without_the_beginning_of_a_secret_are_shown_at_once():
    masker = Masker(["secret-of-many-characters", KEY])

    assert masker.feed(b"a line\n") == b"a line\n"
    assert masker.feed(b"a sec") == b"a "
    assert masker.feed(b"ond line\n") == b"second line\n"
    assert masker.finish() == b""


@given(data=st.data())
def test_the_result_does_not_depend_on_how_the_stream_is_cut(data):
    secrets = data.draw(st.lists(st.text("ab\n", min_size=6, max_size=9), max_size=4))
    parts = st.lists(st.one_of(st.sampled_from([*secrets, "a"]), st.text("ab\n", max_size=5)))
    stream_bytes = "".join(data.draw(parts)).encode()
    cuts = data.draw(st.lists(st.integers(0, len(stream_bytes)), max_size=8))

    in_pieces = stream(Masker(secrets), stream_bytes, cuts)

    assert in_pieces == Masker(secrets).mask(stream_bytes)


def test_bytes_that_are_no_text_pass_unchanged():
    data = bytes(range(256)) * 4

    assert stream(Masker(["unrelated"]), data, [7, 300]) == data


def test_masking_is_fast():
    line = b"aws_instance.web[3]: Still creating... [10s elapsed] id=i-0123456789abcdef0\n"
    data = line * (8 * 1024 * 1024 // len(line))
    rng = random.Random(1)  # noqa: S311 - the same every time.
    secrets = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=32)) for _ in range(5)]
    masker = Masker(secrets)

    started = time.perf_counter()
    for at in range(0, len(data), 512 * 1024):
        masker.feed(data[at : at + 512 * 1024])
    seconds = time.perf_counter() - started

    assert len(data) / seconds > 10e6
