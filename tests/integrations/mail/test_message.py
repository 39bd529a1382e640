"""Reading messages as people and their enemies send them."""

import base64
import contextlib
import time

import pytest

from integrations.mail import message as messages
from integrations.mail import names, replies
from integrations.mail.post import Unreadable
from integrations.mail.rebuild import Attachment, message

HEAD = "From: Dave <dave@example.com>\r\nMessage-ID: <a@example.com>\r\nMIME-Version: 1.0\r\n"


def read(text, encoding="utf-8"):
    return messages.read((HEAD + text).encode(encoding) if isinstance(text, str) else text)


SUBJECTS = {
    "=?utf-8?q?Gr=C3=B6=C3=9Fe_=E2=82=AC?=": "Größe €",
    "=?iso-2022-jp?B?GyRCJDMkcyRLJEEkTxsoQg==?=": "こんにちは",
    "=?utf-8?q?a?= =?utf-8?q?b?= c": "ab c",
    "=?x-unknown?q?abc?=": "abc",
    "=?utf-8?b?not base64!?=": None,
    "=?utf-8?q?=FF=FE?=": None,
    "plain\r\n  folded": "plain folded",
}


@pytest.mark.parametrize(("raw", "shown"), SUBJECTS.items())
def test_a_subject_is_decoded_or_left_and_never_breaks_a_line(raw, shown):
    found = read(f"Subject: {raw}\r\n\r\nx").subject

    assert found == shown if shown is not None else found.isprintable()


QUOTED = "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
BODIES = {
    "quoted-printable": (
        f"Content-Type: text/plain; charset=iso-8859-15\r\n{QUOTED}Preis: 3 =A4=\r\n!",
        "Preis: 3 €!",
    ),
    "iso-2022-jp": (
        "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n\x1b$B$3$s$K$A$O\x1b(B",
        "こんにちは",
    ),
    "a charset that is wrong": ("Content-Type: text/plain; charset=ascii\r\n\r\nGröße", "Größe"),
    "a charset that is none": ("Content-Type: text/plain; charset=klingon\r\n\r\nGröße", "Größe"),
    "no type": ("\r\nhello", "hello"),
    "only HTML": (
        "Content-Type: text/html\r\n\r\n<style>x{}</style><p>size: 3</p><div>a &amp; b<br>c</div>",
        "size: 3\n\na & b\nc",
    ),
    "base64": (
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.b64encode("größer".encode()).decode(),
        "größer",
    ),
    "broken base64": (
        "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!",
        None,
    ),
}


@pytest.mark.parametrize(("raw", "shown"), BODIES.values(), ids=BODIES.keys())
def test_a_body_is_decoded(raw, shown):
    found = read(raw).text

    assert shown is None or found == shown


def test_plain_text_is_preferred_and_files_are_told_apart():
    found = read(
        'Content-Type: multipart/mixed; boundary="x"\r\n\r\n'
        '--x\r\nContent-Type: multipart/alternative; boundary="y"\r\n\r\n'
        "--y\r\nContent-Type: text/plain\r\n\r\nplain\r\n"
        "--y\r\nContent-Type: text/html\r\n\r\n<b>html</b>\r\n--y--\r\n"
        "--x\r\nContent-Type: image/png\r\nContent-ID: <logo>\r\n"
        "Content-Disposition: inline\r\n\r\npng\r\n"
        '--x\r\nContent-Type: text/plain; name="notes.txt"\r\n\r\nnotes\r\n'
        "--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nbody\r\n--x--\r\n"
    )

    assert found.text == "plain"
    assert [(each.name, each.content_type, each.content_id) for each in found.attachments] == [
        ("", "image/png", "logo"),
        ("notes.txt", "text/plain", ""),
        ("", "message/rfc822", ""),
    ]


NAMES = {
    "filename*=utf-8''%E2%82%AC.yaml": "€.yaml",
    "filename*0*=utf-8''..%2F..%2F%E2%82%AC; filename*1=\".yaml\"": "../../€.yaml",
    'filename="=?utf-8?b?4oKsLnlhbWw=?="': "€.yaml",
    'filename="order für mai.yaml"': "order für mai.yaml",
    'filename="../../etc/passwd"': "../../etc/passwd",
    'filename="C:\\\\x\\\\con.yaml"': "C:\\x\\con.yaml",
    "filename*=x-unknown''%FF.yaml": None,
}


@pytest.mark.parametrize(("parameter", "name"), NAMES.items())
def test_the_name_of_an_attachment_is_decoded_and_then_made_safe(parameter, name):
    found = read(f"Content-Disposition: attachment; {parameter}\r\n\r\nx").attachments[0].name

    assert name is None or found == name
    safe = names.safe(found)
    assert safe == names.safe(safe)
    assert not set(safe) & set("/\\:\x00 ")
    assert not safe.startswith((".", "-"))


def test_names_of_one_message_are_all_different():
    assert names.distinct(["a.yaml", "x/A.yaml", "../a.yaml", ""]) == [
        "a.yaml",
        "2_A.yaml",
        "3_a.yaml",
        "file",
    ]


@pytest.mark.parametrize(
    "sender",
    [
        "a@example.com, b@example.com",
        "a@example.com <b@example.com>",
        "alice@example.com)bob@example.com",
        "Group: a@example.com;",
        "<a@example.com> <b@example.com>",
        '"x" <a@exa mple.com>',
        "a@@example.com",
        "\u0430dmin@example.com",
        "",
    ],
)
def test_a_from_that_two_readers_could_read_differently_names_nobody(sender):
    assert messages.read(f"From: {sender}\r\n\r\nx".encode()).sender == ""


def test_two_from_lines_name_nobody():
    assert read("From: eve@example.com\r\n\r\nx").sender == ""


NEST = "Content-Type: multipart/mixed; boundary=x{0}\r\n\r\n--x{0}\r\n"
BOMBS = {
    "nested": "".join(NEST.format(n) for n in range(1000)),
    "nested a little": "".join(NEST.format(n) for n in range(30)),
    "many parts": "Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    + "--x\r\nContent-Type: text/plain\r\n\r\nx\r\n" * 5000,
    "bare parts": "Content-Type: multipart/mixed; boundary=x\r\n\r\n" + "--x\r\n\r\nx\r\n" * 5000,
    "messages in messages": "Content-Type: message/rfc822\r\n\r\n" * 1000,
    "a large head": "X-Large: " + "x" * (300 << 10) + "\r\n\r\n",
    "comments": "From: " + "(" * 20_000 + "\r\n\r\n",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_or_read_and_quickly(bomb):
    started = time.monotonic()

    try:
        found = read(bomb)
    except Unreadable:
        found = None

    assert time.monotonic() - started < 5
    assert found is None or len(found.attachments) < 10


@pytest.mark.parametrize("raw", [b"", b"\x00" * 100, b"\xff\xfe", b"no headers here", b": x\n\n"])
def test_what_is_no_message_is_refused_or_names_nobody(raw):
    with contextlib.suppress(Unreadable):
        assert messages.read(raw).sender == ""


def test_thirty_megabytes_are_read():
    data = bytes(range(256)) * (80 << 10)
    built = message(
        [("From", "a@b.c")], text="x", html="", attachments=[Attachment("a", "x/y", data)]
    )

    assert messages.read(built).attachments[0].data == data


def test_a_message_put_together_again_says_the_same():
    built = message(
        [
            ("From", "Jörg <a@b.c>"),
            ("Subject", "Grün\r\nBcc: x@y"),
            ("Content-Type", "x/y"),
            ("b\n", ""),
        ],
        text="größer\n",
        html="<b>x</b>",
        attachments=[
            Attachment("../ü.yaml", "bad\r\nX: y", b"\x00\xff"),
            Attachment("", "", b"", "c"),
        ],
    )

    found = messages.read(built)
    assert (found.sender, found.sender_name, found.subject) == ("a@b.c", "Jörg", "Grün Bcc: x@y")
    assert found.text == "größer"
    assert found.attachments[0].name == "../ü.yaml"
    assert found.attachments[0].data == b"\x00\xff"
    assert found.all("bcc") == []


REPLIES = {
    "gmail": "yes\n\nOn Fri, 27 Nov 2026 at 10:00, Dave <d@x> wrote:\n> no\n",
    "gmail, broken": "yes\n\nOn Fri, 27 Nov 2026 at 10:00, A Very Long Name\n<d@x> wrote:\n> no\n",
    "german": "yes\n\nAm 27.11.2026 um 10:00 schrieb Dave:\n> no\n",
    "outlook": "yes\n\nFrom: Dave\nSent: Friday\nTo: x\nSubject: y\n\nno\n",
    "outlook, line": "yes\n\n________________________________\nFrom: Dave\nno",
    "original": "yes\n-----Original Message-----\nno\n",
    "signature": "yes\n-- \nDave\n",
    "quoted above": "> no\nyes",
}


@pytest.mark.parametrize("text", REPLIES.values(), ids=REPLIES.keys())
def test_what_others_wrote_is_cut(text):
    assert replies.cut(text) == "yes"


@pytest.mark.parametrize("text", ["From: the start\nsize: 3", "On Monday\nsize: 3", "a -- b"])
def test_what_only_looks_like_a_quotation_stays(text):
    assert replies.cut(text) == text
