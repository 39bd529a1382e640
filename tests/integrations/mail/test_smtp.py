"""Sending: a real server takes the letters, refuses them, or is not there."""

import contextlib
import datetime as dt
import socket
import threading
import time

import pytest

from integrations.mail import smtp
from integrations.mail.smtp import Letter, NotSent
from tests import mailbox

NOON = dt.datetime(2026, 11, 27, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def box():
    with mailbox.listening() as found:
        yield found


def letter(**changed):
    usual = {
        "to": "dave@example.com",
        "subject": "Run #1 waits for you",
        "text": "It needs a person.\n\nGrüße",
        "message_id": "<gantry.1@mail.example.com>",
        "sender": "Gantry <gantry@mail.example.com>",
        "at": NOON,
    }
    return Letter(**(usual | changed))


def test_a_letter_arrives_and_says_that_a_program_sent_it(box):
    smtp.send(smtp.server(box.url), letter())

    [got] = box.letters
    assert got["From"] == "Gantry <gantry@mail.example.com>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["Message-ID"] == "<gantry.1@mail.example.com>"
    assert got.get_content() == "It needs a person.\n\nGrüße\n"


def test_an_answer_stands_in_the_thread_of_what_it_answers(box):
    smtp.send(smtp.server(box.url), letter(in_reply_to="<b@x>", references=("<a@x>",)))

    [got] = box.letters
    assert got["Auto-Submitted"] == "auto-replied"
    assert got["In-Reply-To"] == "<b@x>"
    assert got["References"] == "<a@x> <b@x>"


def test_a_line_break_in_a_subject_adds_no_header(box):
    smtp.send(smtp.server(box.url), letter(subject="Hi\r\nBcc: sam@example.com"))

    [got] = box.letters
    assert got["Subject"] == "Hi Bcc: sam@example.com"
    assert got["Bcc"] is None


def test_user_and_password_are_those_of_the_url(box):
    smtp.send(smtp.server(f"smtp://gantry:right@127.0.0.1:{box.port}?starttls=never"), letter())

    assert box.users == [("gantry", "right")]


def test_a_wrong_password_is_a_sentence(box):
    with pytest.raises(NotSent, match="does not accept the user and password"):
        smtp.send(smtp.server(f"smtp://gantry:no@127.0.0.1:{box.port}?starttls=never"), letter())


def test_without_starttls_nothing_is_sent_unless_the_url_says_so(box):
    with pytest.raises(NotSent, match="offers no STARTTLS"):
        smtp.send(smtp.server(f"smtp://127.0.0.1:{box.port}"), letter())

    smtp.send(smtp.server(f"smtp://127.0.0.1:{box.port}?starttls=optional"), letter())
    assert len(box.letters) == 1


@pytest.mark.parametrize(
    ("answer", "is_final"), [("451 later", False), ("554 no such thing here", True)]
)
def test_what_the_server_answers_says_whether_to_try_again(box, answer, is_final):
    box.answers.append(answer)

    with pytest.raises(NotSent) as refusal:
        smtp.send(smtp.server(box.url), letter())

    assert refusal.value.is_final is is_final


def test_a_server_that_dribbles_ends_the_letter_all_the_same():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def dribble():
            there, _ = server.accept()
            with there, contextlib.suppress(OSError):
                while True:
                    there.sendall(b"220-Welcome, and wait\r\n")
                    time.sleep(0.01)

        thread = threading.Thread(target=dribble)
        thread.start()
        place = smtp.server(f"smtp://127.0.0.1:{server.getsockname()[1]}?starttls=never")

        with pytest.raises(NotSent):
            smtp.send(place, letter(), longest_s=0.2)

        thread.join()


def test_nobody_there_is_a_sentence():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

        with pytest.raises(NotSent, match="cannot be reached"):
            smtp.send(smtp.server(f"smtp://127.0.0.1:{port}?starttls=never"), letter())


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example.com",
        "smtp://",
        "smtp://mail.example.com/path",
        "smtp://mail.example.com?starttls=perhaps",
        "smtps://mail.example.com?starttls=never",
        "smtp://mail.example.com?tls=1",
    ],
)
def test_a_url_that_cannot_be_used_is_refused(url):
    with pytest.raises(ValueError, match=r"say|after the host"):
        smtp.server(url)


def test_a_url_is_read_whole():
    found = smtp.server("smtp://us%40er:p%3Ass@mail.example.com")

    assert (found.user, found.password, found.port) == ("us@er", "p:ss", 587)
    assert "p:ss" not in repr(found)
    assert found.text == "mail.example.com:587, STARTTLS required, signed in"
