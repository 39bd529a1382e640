"""What a message gives its run: lines, attachments, and what is refused."""

import pytest

from models.base import db
from models.email import Verdict
from models.run_content import RunFile
from services import runs
from services.errors import Invalid
from services.runs import files
from tests.services.mail.conftest import run_of, values


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("siez: 3\n", "“siez:” is not among the lines that are taken here (region, size)."),
        ("size: 3\nsize: 4\n", "The line “size:” stands twice."),
    ],
)
def test_a_line_that_is_not_declared_is_refused(make, send, text, reason):
    row = send(make(mapping={"size": "body:size", "region": "body:region"}), text=text)

    assert reason in row.reason


def test_links_and_quoted_lines_are_no_lines_of_values(make, send):
    text = "size: 3\nhttps://example.com/x\n\nOn Mon, Dave wrote:\n> size: 9\n> other: 1\n"

    row = send(make(mapping={"size": "body:size"}), text=text)

    assert values(run_of(row)) == {"size": "3"}


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["order.yaml", "x.exe"], "“x.exe” is not among those that are taken here (*.yaml)."),
        (["a.yaml", "b.yaml"], "Two attachments fit “*.yaml”. Send one."),
        ([], "No attachment fits “*.yaml”, which is needed here."),
    ],
)
def test_attachments_are_those_that_are_declared(make, send, names, reason):
    trigger = make(mapping={"order": "attachment:*.yaml"})

    row = send(trigger, attachments=[(name, b"x: 1") for name in names])

    assert reason in row.reason


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("order.yaml", "attachments/order.yaml"),
        ("../../etc/order.yaml", "attachments/order.yaml"),
        ("C:\\Users\\x\\order.yaml", "attachments/order.yaml"),
        ("-rf .yaml", "attachments/rf_.yaml"),
        ("bestellung für mai.yaml", "attachments/bestellung_fur_mai.yaml"),
    ],
)
def test_an_attachment_becomes_a_file_under_a_safe_name(make, send, name, path):
    row = send(make(mapping={"order": "attachment:*.yaml"}), attachments=[(name, b"count: 1")])

    run = run_of(row)
    assert values(run)["order"] == path
    assert list(files.of(run.id)) == [(path, b"count: 1")]


def test_an_attachment_becomes_a_variable_when_that_is_said(make, send):
    trigger = make(mapping={"order": "attachment:*.yaml"}, attachments="variables")

    good = send(trigger, attachments=[("o.yaml", "größe: 1".encode())])
    bad = send(trigger, attachments=[("o.yaml", b"\xff\xfe\x00")])

    assert values(run_of(good))["order"] == "größe: 1"
    assert "no text in UTF-8" in bad.reason


def test_a_run_again_has_the_files_again(make, send, sourced):
    row = send(make(mapping={"o": "attachment:*.yaml"}), attachments=[("o.yaml", b"count: 1")])
    run = run_of(row)
    runs.discard(sourced.alice, run.id)

    again = runs.rerun(sourced.alice, run.id)

    assert list(files.of(again.id)) == [("attachments/o.yaml", b"count: 1")]
    assert db.session.query(RunFile).count() == 2


def test_a_variable_the_engine_refuses_is_refused_when_the_trigger_is_made(make):
    with pytest.raises(Invalid) as refusal:
        make(mapping={"1st": "subject", "x": "header:X", "y": "body:", "z": "attachment:a/b"})

    assert set(refusal.value.fields) == {"mapping.x", "mapping.y", "mapping.z"}


def test_a_message_that_cannot_be_read_is_refused_with_its_reason(make, send):
    row = send(make(), head=b"X-Large: " + b"x " * 200_000 + b"\r\n")

    assert row.verdict is Verdict.REFUSED
    assert "head of the message is larger" in row.reason
